"""Estimates the calls and cost of an evaluation before anything is sent.

The arithmetic and the meaning of low and high are in `vlm/spending/forecast.py`.
"""

from collections.abc import Sequence

import polars as pl

from eemo_pipeline.stages.evaluation.benchmarks import Benchmark, Item
from eemo_pipeline.stages.evaluation.examinee import ROLE, STAGE, Asked, Examinee
from eemo_pipeline.stages.evaluation.judge import Judge, tell
from eemo_pipeline.stages.evaluation.rubrics import ONE_SCORE, ROUNDS, rubric_of
from eemo_pipeline.vlm.contract import EncodedPicture, VlmRequest
from eemo_pipeline.vlm.spending.forecast import (
    Estimate,
    Forecast,
    draw_line,
    reckon,
    reckon_text,
)

_SHORT_REPLY, _SHORT_VOTE = 15, 6  # tokens
_STAND_IN = "consequence " * 200


def forecast_evaluation(
    examinee: Examinee, benchmark: Benchmark, items: Sequence[Item], images: pl.DataFrame
) -> Forecast:
    """Return the line of one model and benchmark.

    Args:
        examinee: the model; nothing is asked.
        benchmark: says how an item is asked.
        items: what would be asked.
        images: image_id, source, path, width_px and height_px of the images on disk.

    Raises:
        UnknownPrice: the model has no price.
    """
    sizes = {
        image_id: examinee.policy.fit(width, height)
        for image_id, width, height in images.select(
            "image_id", "width_px", "height_px"
        ).iter_rows()
    }
    asked = [one for one in examinee.prepare(benchmark, items, images) if one.files]
    keys = {examinee.ask(one).key(ROLE, examinee.vlm.model): one for one in asked}
    known = examinee.session.ledger.find(list(keys))
    low, high = Estimate(), Estimate()
    for key, one in keys.items():
        if key not in known:
            least, most = _reckon(examinee, one, sizes)
            low, high = low + least, high + most
    return draw_line(STAGE, examinee.vlm, len(keys), len(known), low, high)


def forecast_judge(judge: Judge, benchmark: Benchmark, items: Sequence[Item]) -> Forecast:
    """Return the line of the judge: its rounds about texts of 200 words that do not exist yet.

    Args:
        judge: the judge; nothing is asked.
        benchmark: says which items need a judge.
        items: what a model would be asked.

    Raises:
        UnknownPrice: the model has no price.
    """
    low, high = Estimate(), Estimate()
    rubric = rubric_of(benchmark) or ONE_SCORE
    judged = (
        []
        if not benchmark.rubric
        else [item for item in items if item.gold and benchmark.mark(item, item.gold) is None]
    )
    for item in judged:
        request = judge.request_for(tell(item, _STAND_IN), 1, rubric)
        least, most = reckon_text(
            judge.vlm, request, judge.session.prices, _SHORT_VOTE * len(rubric.criteria)
        )
        low, high = low + least.times(ROUNDS), high + most.times(ROUNDS)
    return draw_line(STAGE, judge.vlm, len(judged), 0, low, high)


def _reckon(
    examinee: Examinee, asked: Asked, sizes: dict[str, tuple[int, int]]
) -> tuple[Estimate, Estimate]:
    others = tuple(
        EncodedPicture(b"", "image/jpeg", *sizes[image]) for image in asked.item.images[1:]
    )

    def request_for(picture: EncodedPicture) -> VlmRequest:
        return examinee.request_for(asked.prompt, (picture, *others))

    count = {sizes[asked.item.images[0]]: 1}
    short = 1 if asked.prompt.words else _SHORT_REPLY
    return reckon(examinee.vlm, request_for, count, examinee.session.prices, short)
