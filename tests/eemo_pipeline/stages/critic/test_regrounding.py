"""A subject that changes in a round is grounded again in that round."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.annotator import AnnotationRequest
from eemo_pipeline.roles.grounder import Grounder, GrounderDescription, GroundingRequest
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, key_violations, null_violations
from eemo_pipeline.stages.critic import review
from eemo_pipeline.stages.critic.regrounding import Regions
from eemo_pipeline.stages.critic.review_loop import Reviewed
from eemo_pipeline.stages.grounding import ground, ground_again
from tests.eemo_pipeline.stages.critic.test_review_loop import (
    Scripted,
    image_rows,
    keep_answer,
    reply_rows,
    verdict_of,
    verifier_rows,
)

BOX = {"x1_px": 10.0, "y1_px": 10.0, "x2_px": 60.0, "y2_px": 60.0, "score": 0.8, "reason": None}


@dataclass
class FindsTheSky:
    """A grounder that finds the sky in every image and nothing else."""

    reads_words: bool = True
    seen: list[tuple[str, ...]] = field(default_factory=list)

    def describe(self) -> GrounderDescription:
        return GrounderDescription("sky", "none", "sky/1", "finds the sky", "box 0.35")

    def parameters(self, request: GroundingRequest) -> Mapping[str, Any]:
        return {"phrases": list(request.phrases)} if self.reads_words else {}

    def perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, dict[str, Any]]]:
        for ask in asks:
            self.seen.append(ask.payload.phrases)
            found = {"status": "ok", "regions": [BOX], "phrase": "sky", "left_out": 0}
            nothing = {"status": "none", "reason": "nothing_found", "left_out": 0}
            yield ask, found if "sky" in ask.payload.phrases else nothing


def run(grounder: Grounder, subjects: Sequence[str], folder: Path) -> Reviewed:
    """Review one image whose annotator names one subject after the other."""
    named = iter(subjects[1:])

    def rename(request: AnnotationRequest) -> dict[str, Any]:
        return {**keep_answer(request), "subject": next(named, subjects[-1])}

    images, replies = image_rows("i"), reply_rows({("i", "a"): {"subject": subjects[0]}})
    words = pl.DataFrame({"image_id": ["i"], "subject": [subjects[0]], "attribute": ["calm"]})
    ledger = Ledger(folder / "ledger.sqlite")
    regions = ground(images, words, grounder, ledger, folder).frame
    again = partial(ground_again, grounder=grounder, ledger=ledger, sources_dir=folder)
    done = review(
        *(images, replies, verifier_rows({"i": "contentment"}), regions, [Scripted("a", rename)]),
        *(ledger, folder),
        ground_again=again,
    )
    ledger.close()
    return done


def test_another_subject_is_found_in_the_round_that_names_it(tmp_path: Path) -> None:
    grounder = FindsTheSky()
    done = run(grounder, ["boat", "sky"], tmp_path)
    # Both phrases of each subject were searched once.
    assert grounder.seen == [("boat", "calm boat"), ("sky", "calm sky")]
    asked = done.verdicts.filter(round=1, field="subject")["codes"].to_list()
    assert asked == [["SUBJ_NOT_SALIENT"]]
    assert verdict_of(done.verdicts, "box", 1) == "revisable"
    assert verdict_of(done.verdicts, "subject", 2) == "valid"
    assert verdict_of(done.verdicts, "box", 2) == "valid"
    table = TABLES["_critic__regions"]
    frame = conform(done.regions, table)
    assert (key_violations(frame.lazy(), table), null_violations(frame.lazy(), table)) == ([], [])
    told = frame.select("image_id", "round", "region_no", "phrase", "thresholds", "x2_px").rows()
    assert told == [("i", 2, 1, "sky", "box 0.35", 60.0)]
    # A rerun asks nobody.
    again = run(grounder, ["boat", "sky"], tmp_path)
    assert len(grounder.seen) == 2
    assert again.regions.equals(done.regions)


def test_a_box_that_is_found_for_no_subject_goes_to_a_person(tmp_path: Path) -> None:
    done = run(FindsTheSky(), ["boat", "water"], tmp_path)
    assert done.regions.select("round", "region_no", "reason").rows() == [(2, 0, "nothing_found")]
    assert verdict_of(done.verdicts, "subject", 2) == "discarded"
    assert done.queue["field"].to_list() == ["box"]


def test_words_that_are_chosen_in_the_last_round_replace_what_it_found(tmp_path: Path) -> None:
    grounder, ledger = FindsTheSky(), Ledger(tmp_path / "ledger.sqlite")
    again = partial(ground_again, grounder=grounder, ledger=ledger, sources_dir=tmp_path)
    images = image_rows("i", "j")
    words = {
        subject: pl.DataFrame({"image_id": ["i", "j"], "subject": subject, "attribute": None})
        for subject in ("boat", "water", "sky")
    }
    regions = Regions(ground(images, words["boat"], grounder, ledger, tmp_path).frame, again)
    assert regions.follow(images, words["boat"], {"i": 1, "j": 1}).equals(regions.latest)
    regions.follow(images[:1], words["water"], {"i": 2})
    regions.follow(images, words["sky"], {"i": 2, "j": 1})
    ledger.close()
    found = regions.found.select("image_id", "round", "region_no", "phrase").rows()
    assert sorted(found) == [("i", 2, 1, "sky"), ("j", 1, 1, "sky")]
    assert regions.latest.select("image_id", "phrase").rows() == [("i", "sky"), ("j", "sky")]
    assert regions.work.asked == 3


@pytest.mark.parametrize(("reads_words", "subjects"), [(False, ["boat", "sky"]), (True, ["sky"])])
def test_where_no_question_changes_nothing_is_found_again(
    reads_words: bool,  # noqa: FBT001
    subjects: list[str],
    tmp_path: Path,
) -> None:
    grounder = FindsTheSky(reads_words)
    assert run(grounder, subjects, tmp_path).regions.is_empty()
    assert len(grounder.seen) == 1
