"""Which writers a run has, and that one is added by one line."""

from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.roles.writer import DESCRIBER, ROLE
from eemo_pipeline.stages.texts.model_writer import ModelWriter
from eemo_pipeline.stages.texts.template_writer import REALISER
from resources.providers.registry import BadProviders
from resources.roles import writers
from resources.roles.writers import (
    VARIABLES,
    BadWriter,
    Writers,
    build_writer,
    planned_writer,
    writer_choices,
)

NOTHING: Any = None
ROOT = DataRoot(Path("lake"))


def choose(text: str, role: str = ROLE) -> Any:
    return build_writer(text, role, NOTHING, NOTHING, ROOT)


def test_a_writer_is_the_template_or_a_model_of_a_provider() -> None:
    assert choose("template") is REALISER
    chosen = choose("openai:gpt-4o-mini")
    assert isinstance(chosen, ModelWriter)
    assert (chosen.name, chosen.model, chosen.tries) == ("openai_writer", "gpt-4o-mini", 3)
    describer = choose("gemini", DESCRIBER)
    assert (describer.name, describer.sources_dir) == ("gemini_describer", ROOT.sources)
    assert Writers(REALISER, describer).by_model == (None, describer)
    assert REALISER.tries == 1, "it would write the same again"


@pytest.mark.parametrize("role", VARIABLES)
def test_an_unknown_writer_is_named_with_the_known_ones(role: str) -> None:
    with pytest.raises(BadWriter, match=f"no {role} 'poet'.*{VARIABLES[role]}.*template, local"):
        choose("poet", role)
    with pytest.raises(BadProviders, match="compatible:MODEL"):
        choose("compatible", role)


def test_a_plan_follows_the_variables_and_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert planned_writer(ROLE, NOTHING, ROOT) is None
    monkeypatch.setenv("EEMO_WRITER", "local")
    monkeypatch.setenv("EEMO_DESCRIBER", "gemini:gemini-2.5-pro")
    planned = planned_writer(ROLE, NOTHING, ROOT)
    assert planned
    assert (planned.provider, planned.model) == ("local_openai", "local-writer")
    assert [choice.model for choice in writer_choices()] == ["gemini-2.5-pro"]
    monkeypatch.setenv("EEMO_WRITER", "poet")
    with pytest.raises(BadWriter):
        planned_writer(ROLE, NOTHING, ROOT)


def test_a_writer_is_added_by_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(writers.WRITERS, "quill", lambda: REALISER)
    assert choose("quill") is REALISER
