"""Which critic a run has, and that one is added by one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.roles.critic import Case, Criticism, Judgement
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.critic import review
from eemo_pipeline.stages.critic.rules import FIELDS
from resources.roles import critics
from resources.roles.annotators import Annotators
from resources.roles.critics import BadCritic, build_critic

NOTHING: Any = None


@dataclass(frozen=True)
class Annotator:
    model: str


@dataclass(frozen=True)
class Contented:
    """A critic of one file: all is well."""

    name: str = "contented"
    method: str = "it says that all is well"
    calls_per_pass: int = 0

    def judge(self, cases: Sequence[Case], ledger: Ledger) -> Criticism:  # noqa: ARG002
        every = dict.fromkeys(FIELDS, Judgement("valid"))
        return Criticism({case.image_id: every for case in cases})


def choose(text: str, *models: str, may_be_an_annotator: bool = False):
    members: Any = tuple(Annotator(model) for model in models)
    return build_critic(
        text, Annotators(members), NOTHING, NOTHING, may_be_an_annotator=may_be_an_annotator
    )


def test_a_critic_that_is_an_annotator_is_refused_unless_an_experiment_asks():
    with pytest.raises(BadCritic, match="EEMO_CRITIC"):
        choose("openai:gpt-4o", "gpt-4o", "gemini-2.5-flash")
    allowed = choose("openai:gpt-4o", "gpt-4o", may_be_an_annotator=True)
    assert "gpt-4o" in allowed.method
    assert choose("compatible:qwen", "gpt-4o", "gemini-2.5-flash").name == "compatible_critic"
    assert choose("rules").name == "rule_critic"


def test_an_unknown_critic_is_named_with_the_known_ones():
    with pytest.raises(BadCritic, match="rules, local, openai"):
        choose("oracle")


def test_a_critic_is_added_by_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(critics.CRITICS, "contented", Contented)
    row = {"image_id": "a", "source": "s", "path": "p", "is_blank": True, "width_px": 9}
    row |= {"height_px": 9, "brightness": 0.5, "colourfulness": 9.0, "dominant_colours": []}
    images = pl.DataFrame([row], schema=TABLES["dedup__images"].polars_schema)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    done = review(
        images,
        TABLES["annotation__replies"].empty(),
        TABLES["verification__replies"].empty(),
        TABLES["grounding__regions"].empty(),
        [],
        ledger,
        tmp_path,
        choose("contented"),
    )
    ledger.close()
    assert set(done.verdicts["critic"]) == {"contented"}
    assert set(done.verdicts["verdict"]) == {"valid"}
    assert done.queue.height == 0
