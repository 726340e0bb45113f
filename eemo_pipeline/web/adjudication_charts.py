"""The charts of one image on which people do not agree: what they felt, and how strongly."""

from collections import Counter

from eemo_pipeline.rendering.charts import Point, draw_bars, draw_plane
from eemo_pipeline.web.adjudication import Disputed
from eemo_pipeline.web.fields import RATINGS

_SPAN = (RATINGS[0] - 0.5, RATINGS[-1] + 0.5)


def draw_votes(item: Disputed) -> str:
    """Return how many people named each emotion, as SVG."""
    votes = Counter(judgement["emotion"] for judgement in item.judgements).most_common()
    labels = [emotion.replace("_", " ") for emotion, _ in votes]
    return draw_bars("Emotions named", labels, {"people": [count for _, count in votes]})


def draw_ratings(item: Disputed) -> str:
    """Return each person's valence and arousal by their letters, as SVG."""
    at: dict[tuple[int, int], list[str]] = {}
    for judgement in item.judgements:
        at.setdefault((judgement["valence"], judgement["arousal"]), []).append(judgement["person"])
    points = [
        Point(
            *place,
            f"valence {place[0]}, arousal {place[1]}: {', '.join(people)}",
            ", ".join(people),
        )
        for place, people in sorted(at.items())
    ]
    return draw_plane("Ratings", {"people": points}, ("valence", "arousal"), (_SPAN, _SPAN))
