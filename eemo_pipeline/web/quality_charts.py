"""The charts of the page of quality, drawn by the functions that draw the report's."""

import math
from collections.abc import Mapping

from eemo_pipeline.rendering.charts import Point, draw_bars, draw_heat, draw_intervals, draw_plane
from eemo_pipeline.web.fields import EMOTIONS, RATINGS
from eemo_pipeline.web.quality import FELT, Quality

_LARGEST_PX = 15.0


def draw_charts(measured: Quality) -> Mapping[str, str]:
    """Return SVG by name: agreement, balance and plane; of no judgement there is no chart."""
    if not measured.images:
        return {}
    return {
        "agreement": _draw_agreement(measured),
        "balance": _draw_balance(measured),
        "plane": _draw_plane(measured),
    }


def draw_confusion(measured: Quality) -> str:
    """Return people's emotion against the machine's; a row's shades add up to 1."""
    sums = [max(1, sum(row)) for row in measured.confusion]
    return draw_heat(
        "People's emotion (rows) and the machine's (columns)",
        [name.replace("_", " ") for name in FELT],
        EMOTIONS,
        [[count / of for count in row] for row, of in zip(measured.confusion, sums, strict=True)],
        [[str(count) if count else "" for count in row] for row in measured.confusion],
    )


def _draw_agreement(measured: Quality) -> str:
    found = measured.agreement
    values = [one.value for one in found.values()]
    return draw_intervals(
        "Do people agree? Krippendorff's alpha",
        list(found),
        values,
        [(one.lower, one.upper) for one in found.values()],
        (min([0.0, *(math.floor(value * 5) / 5 for value in values if value is not None)]), 1),
        0,
    )


def _draw_balance(measured: Quality) -> str:
    return draw_bars(
        "Which emotions have images? Judgements of people",
        [name.replace("_", " ") for name in FELT],
        {"judgements": measured.felt},
    )


def _draw_plane(measured: Quality) -> str:
    most = max(measured.plane.values())
    points = [
        Point(
            valence,
            arousal,
            f"valence {valence}, arousal {arousal}: {count} judgements",
            radius=max(2.5, _LARGEST_PX * math.sqrt(count / most)),
            opacity=0.75,
        )
        for (valence, arousal), count in sorted(measured.plane.items())
    ]
    span = (RATINGS[0] - 0.5, RATINGS[-1] + 0.5)
    return draw_plane(
        "Where do the judgements lie?", {"people": points}, ("valence", "arousal"), (span, span)
    )
