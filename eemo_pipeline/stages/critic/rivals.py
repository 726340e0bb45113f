"""The rival of a contested emotion: the other candidate that the critic is shown.

Candidates are the emotions that annotators and verifier voted for; then those that an annotator
gave as an alternative or the verifier finds likelier than chance; then those that an annotator
named when it was asked again. The critic compares two at a time. Where it cannot tell, or rejected
an emotion, a candidate that was not compared yet may be the right one, so it is the rival in the
next round.
"""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

import polars as pl

from eemo_pipeline.aggregation.agreement_patterns import annotator_votes, verifier_votes
from eemo_pipeline.aggregation.critic_choices import latest_choices
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.roles.critic import Facts

_CHANCE = 1 / len(MIKELS_8)


@dataclass(frozen=True)
class Candidates:
    """The emotions that were named for one image, the likeliest first.

    Attributes:
        voted: those that annotators and verifier voted for.
        likely: the others that an annotator gave as an alternative, or the verifier finds likelier
            than chance.
        renamed: the others that an annotator named when it was asked again.
    """

    voted: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()

    def leave(self, compared: Set[str]) -> list[str]:
        """Return those that were not compared yet; last those that were asked for."""
        every = (*self.voted, *self.likely, *self.renamed)
        return [label for label in every if label not in compared]


def list_candidates(
    replies: pl.DataFrame, verifier_replies: pl.DataFrame, later: pl.DataFrame
) -> dict[str, Candidates]:
    """Return image_id -> candidates, ranked by how many named them, then by the verifier.

    Args:
        replies: rows of `annotation__replies`.
        verifier_replies: rows of `verification__replies`.
        later: rows of `_critic__replies` so far.
    """
    verified = verifier_votes(verifier_replies)
    votes = _count(annotator_votes(replies), verified)
    renamed = _count(annotator_votes(later))
    shares = _sum_shares(replies, verified)
    found: dict[str, Candidates] = {}
    for image_id in sorted({*votes, *renamed}):
        likely, first = shares.get(image_id, {}), votes.get(image_id, Counter())
        voted = _rank(first, likely)
        others = sorted(likely.keys() - first, key=lambda label: (-likely[label], label))
        again = _rank(renamed.get(image_id, Counter()), likely)
        found[image_id] = Candidates(
            tuple(voted),
            tuple(others),
            tuple(label for label in again if label not in (*voted, *others)),
        )
    return found


def name_rivals(
    facts: Mapping[str, Facts],
    choices: pl.DataFrame,
    candidates: Mapping[str, Candidates],
    doubted: Set[str],
) -> dict[str, Facts]:
    """Return the facts with the rival of every contested emotion.

    At first it is the likeliest other emotion. Where the critic's latest choice was none, it is the
    first candidate that was not compared, else that of the earlier choice. An emotion that was
    rejected is contested while another candidate is left.

    Args:
        facts: image_id -> facts; their rival is the likeliest other emotion.
        choices: rows of `critic__choices` of earlier rounds.
        candidates: image_id -> candidates.
        doubted: the images whose annotators were asked about the emotion in this round.
    """
    compared = _list_compared(choices)
    latest = {row["image_id"]: row for row in latest_choices(choices).iter_rows(named=True)}
    named: dict[str, Facts] = {}
    for image_id, one in facts.items():
        earlier = latest.get(image_id)
        is_open = one.is_contested and earlier is not None and earlier["chosen"] is None
        left = candidates.get(image_id, Candidates()).leave(
            {*compared.get(image_id, ()), str(one.emotion)}
        )
        if left and one.emotion is not None and (is_open or image_id in doubted):
            named[image_id] = replace(one, rival=left[0], is_contested=True)
        elif earlier is not None and one.is_contested:
            is_same = one.emotion == earlier["emotion"]
            rival = earlier["rival"] if is_same else earlier["emotion"]
            named[image_id] = replace(one, rival=rival)
        else:
            named[image_id] = one
    return named


def find_unsettled(choices: pl.DataFrame, candidates: Mapping[str, Candidates]) -> frozenset[str]:
    """Return the images whose latest choice was none, and which have a candidate left.

    An answer that was asked for is compared where there is one, and keeps no image in the loop.
    """
    compared = _list_compared(choices)
    return frozenset(
        image_id
        for image_id in latest_choices(choices).filter(pl.col("chosen").is_null())["image_id"]
        for named in [candidates.get(image_id, Candidates())]
        if {*named.voted, *named.likely} - compared[image_id]
    )


def _list_compared(choices: pl.DataFrame) -> dict[str, set[str]]:
    compared: dict[str, set[str]] = {}
    for image_id, *pair in choices.select("image_id", "emotion", "rival").iter_rows():
        compared.setdefault(image_id, set()).update(pair)
    return compared


def _count(*frames: pl.DataFrame) -> dict[str, Counter[str]]:
    counted: dict[str, Counter[str]] = {}
    for frame in frames:
        for image_id, emotion in frame.select("image_id", "emotion").iter_rows():
            counted.setdefault(image_id, Counter())[emotion] += 1
    return counted


def _sum_shares(replies: pl.DataFrame, verified: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Return image_id -> emotion -> probability, summed over the verifier and the alternatives."""
    shares: dict[str, dict[str, float]] = {}
    for image_id, distribution in verified.select("image_id", "distribution").iter_rows():
        for label, share in zip(map(str, MIKELS_8), distribution or (), strict=False):
            if share > _CHANCE:
                shares.setdefault(image_id, {})[label] = share
    named = replies.filter(pl.col("status") == "ok").select(
        "image_id", "alternatives", "alternative_probabilities"
    )
    for image_id, alternatives, probabilities in named.iter_rows():
        for label, share in zip(alternatives or (), probabilities or (), strict=False):
            if label in MIKELS_8:
                one = shares.setdefault(image_id, {})
                one[label] = one.get(label, 0.0) + (share or 0.0)
    return shares


def _rank(counted: Counter[str], shares: Mapping[str, float]) -> list[str]:
    return sorted(counted, key=lambda label: (-counted[label], -shares.get(label, 0.0), label))
