"""All questions of EEmoDB-QA from the facts: `qa__items` and the coverage of every image.

Runs every template, limits the number of its questions, and counts the use of each image. The
questions are in `templates/`, the rendering in `items.py`, the joining of facts in `facts.py`.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import polars as pl

import eemo_pipeline.stages.qa.templates as templates
from eemo_pipeline.discovery import discover
from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.qa.blind_baseline import guess_blindly
from eemo_pipeline.stages.qa.column_draws import allot, thin
from eemo_pipeline.stages.qa.emotion_questions import MAY, draw_wrong
from eemo_pipeline.stages.qa.facts import SUBJECTS, VIEWERS, Facts
from eemo_pipeline.stages.qa.items import render
from eemo_pipeline.stages.qa.templates import QaTemplate

# A fact that an image lacks -> the reason for having no question.
_LACKS = {
    "rank_1": "no_ranking",
    "dominant_emotion": "no_dominant_emotion",
    "mass": "no_emotions",
    **dict.fromkeys(("cause", "thing"), "no_cause"),
    **dict.fromkeys(("explained_by", "explanation_count"), "no_comments"),
    **{name: f"no_{name}" for name in LEVEL_WORDS},
    "has_descriptions": "no_description",
    "has_explained": "no_reasoning",
    "has_details": "no_detail",
    "has_evocations": "no_evocation",
}
_REASONS = (
    *(
        "evaluation",
        *dict.fromkeys(_LACKS.values()),
        "depicted",
        "no_partner",
        "constraint_unmet",
        "not_drawn",
    ),
)
_REASON = pl.Enum(_REASONS)
# Images whose refusals are grouped in one batch.
_BATCH = 25_000


@dataclass
class Tally:
    """Counts of questions per image and template, filled while the items are made.

    Attributes:
        facts: the facts that the items are made from.
        item_counts: per image, the number of items that show it.
        refusals: template -> per image the reason for having no item of it; null if it has one.
        templates: rows of `_qa__templates`.
        baselines: rows of `qa__blind_baseline`.
    """

    facts: Facts
    item_counts: np.ndarray = field(init=False)
    refusals: dict[str, pl.Series] = field(default_factory=dict)
    templates: list[dict[str, object]] = field(default_factory=list)
    baselines: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start with no items for any image."""
        self.item_counts = np.zeros(self.facts.pictures.height, dtype=np.int64)

    def add(self, template: QaTemplate, candidates: pl.DataFrame, asked: pl.DataFrame) -> None:
        """Count the possible and the actual questions of a template."""
        counts = self._uses(asked)
        self.item_counts += counts
        self.refusals[template.name] = self._reasons(template, self._uses(candidates), counts)
        self.templates.append(
            {
                "template": template.name,
                "category": template.category,
                "question_type": template.question_type,
                "claim": template.claim,
                "candidate_count": candidates.height,
                "item_count": asked.height,
                "most_uses": int(counts.max(initial=0)),
                "reason": self._why_nothing(template, candidates, asked),
            }
        )
        if asked.height and template.question_type != "open":
            self.baselines.append(
                {
                    "template": template.name,
                    "question_type": template.question_type,
                    "claim": template.claim,
                    "item_count": asked.height,
                    **guess_blindly(asked, _shown(template)),
                }
            )

    def _uses(self, rows: pl.DataFrame) -> np.ndarray:
        sides = [rows[side].to_numpy() for side in ("first", "second") if side in rows.columns]
        return np.bincount(np.concatenate(sides), minlength=self.facts.pictures.height)

    def _reasons(self, template: QaTemplate, possible: np.ndarray, asked: np.ndarray) -> pl.Series:
        pictures = self.facts.pictures
        subjects = [subject] if (subject := _subject(template)) else []
        frame = pictures.select("is_evaluation", *template.needs, *subjects).with_columns(
            pl.Series("asked", asked > 0), pl.Series("possible", possible > 0)
        )
        if template.pairs:
            paired = self._uses(self.facts.pairs[template.pairs]) > 0
            frame = frame.with_columns(pl.Series("paired", paired))
        reason = (
            pl.when("asked")
            .then(pl.lit(None, dtype=_REASON))
            .when("is_evaluation")
            .then(pl.lit("evaluation", dtype=_REASON))
        )
        for need in template.needs:
            reason = reason.when(pl.col(need).is_null()).then(pl.lit(_LACKS[need], dtype=_REASON))
        if not template.depicted and (subject := _subject(template)):
            is_depicted = frame[subject].fill_null(VIEWERS) != VIEWERS
            reason = reason.when(is_depicted).then(pl.lit("depicted", dtype=_REASON))
        if template.pairs:
            reason = reason.when(~pl.col("paired")).then(pl.lit("no_partner", dtype=_REASON))
        return frame.select(
            reason.when("possible")
            .then(pl.lit("not_drawn", dtype=_REASON))
            .otherwise(pl.lit("constraint_unmet", dtype=_REASON))
            .alias(template.name)
        ).to_series()

    def _why_nothing(
        self, template: QaTemplate, candidates: pl.DataFrame, asked: pl.DataFrame
    ) -> str | None:
        if asked.height:
            return None
        if candidates.height:
            return "not_balanced"
        reasons = self.refusals[template.name]
        counts = reasons.value_counts(sort=True).filter(pl.col(template.name) != "evaluation")
        return str(counts[template.name][0]) if counts.height else "no_pictures"


def build_items(facts: Facts, seed: str, most: int, tally: Tally) -> Iterator[pl.DataFrame]:
    """Run every template of the folder `templates/`, and count in `tally`.

    Args:
        facts: the facts of all images.
        seed: the seed of all draws.
        most: maximum number of items per template; the draw spreads them over its cells.
        tally: an empty tally of the same facts.

    Yields:
        Frames of `qa__items`, by template and item_id.
    """
    with ThreadPoolExecutor(1) as ahead:
        drawn = _draw(facts, seed, most, tally)
        coming = ahead.submit(next, drawn, None)
        while (kept := coming.result()) is not None:
            # The next template draws on one core while this one's items are built on another.
            coming = ahead.submit(next, drawn, None)
            template, asked = kept
            yield from render(template, asked, facts, f"{seed}/{template.name}")


def _draw(
    facts: Facts, seed: str, most: int, tally: Tally
) -> Iterator[tuple[QaTemplate, pl.DataFrame]]:
    """Yield each template with its kept questions."""
    for template in discover(templates, "TEMPLATE", QaTemplate).values():
        purpose = f"{seed}/{template.name}"
        possible = _possible(template, facts, purpose)
        cell = ("felt_by", *template.cell) if template.depicted else template.cell
        answers = 2 if template.question_type == "yes_no" else template.answers
        asked = allot(possible, cell, most, answers, purpose, "kept")
        if template.drawn:
            asked = draw_wrong(asked, template.drawn, purpose)
        if template.question_type == "what_how" and not answers:
            asked = thin(asked, _shown(template), purpose)
        tally.add(template, possible, asked)
        yield template, asked


def _possible(template: QaTemplate, facts: Facts, purpose: str) -> pl.DataFrame:
    """Return the questions whose options and subject are complete, with `felt_by`."""
    candidates = template.ask(facts, purpose)
    wanted = [name for name in candidates.columns if name.startswith(("correct", "wrong_"))]
    possible = candidates.drop_nulls(wanted)
    if template.drawn:
        eligible = pl.sum_horizontal(pl.col(f"^{MAY}.*$"))
        possible = possible.filter(eligible >= template.drawn)
    subject = _subject(template)
    if not subject:
        return possible
    told = possible.with_columns(
        facts.pictures[subject][possible["first"]].fill_null(VIEWERS).alias("felt_by")
    )
    return told if template.depicted else told.filter(pl.col("felt_by") == VIEWERS)


def _subject(template: QaTemplate) -> str | None:
    """Return the column that says whose feelings the template is about, if it is about any."""
    return next((SUBJECTS[need] for need in template.needs if need in SUBJECTS), None)


def _shown(template: QaTemplate) -> tuple[str, ...]:
    """Return the columns of a question that its wording shows."""
    return (*(("felt_by",) if template.depicted else ()), *template.fills)


def build_coverage(tally: Tally) -> pl.DataFrame:
    """Return a frame of `_qa__coverage`, with the reason for an image without any item.

    Reasons: evaluation, no_facts (neither label nor rating nor text) or no_template_applies.
    """
    known = ("mass", *LEVEL_WORDS, *(name for name in _LACKS if name[:4] == "has_"))
    has_facts = pl.any_horizontal(pl.col(name).is_not_null() for name in known)
    reason = (
        pl.when(pl.col("item_count") > 0)
        .then(None)
        .when("is_evaluation")
        .then(pl.lit("evaluation"))
        .when(has_facts)
        .then(pl.lit("no_template_applies"))
        .otherwise(pl.lit("no_facts"))
    )
    return (
        tally.facts.pictures.with_columns(pl.Series("item_count", tally.item_counts))
        .with_columns(reason.alias("reason"))
        .select(TABLES["_qa__coverage"].columns)
    )


def build_refusals(tally: Tally) -> Iterator[pl.DataFrame]:
    """Yield frames of `_qa__refusals`: per image and reason, the templates without an item."""
    reasons, ids = pl.DataFrame(tally.refusals), tally.facts.pictures["image_id"]
    for start in range(0, reasons.height, _BATCH):
        part = reasons.slice(start, _BATCH)
        long = (
            part.with_row_index("row", offset=start)
            .unpivot(index="row", variable_name="template", value_name="reason")
            .drop_nulls("reason")
        )
        grouped = (
            long.group_by("row", pl.col("reason").cast(pl.String))
            .agg(pl.col("template").sort().alias("templates"))
            .sort("row", "reason")
        )
        yield grouped.select(ids[grouped["row"]].alias("image_id"), "reason", "templates")


def build_templates(tally: Tally) -> pl.DataFrame:
    """Return a frame of `_qa__templates`: possible and actual questions, and why there are none."""
    return pl.DataFrame(tally.templates, schema=TABLES["_qa__templates"].polars_schema)
