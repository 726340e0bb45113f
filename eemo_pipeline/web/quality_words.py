"""What the numbers of quality mean, in sentences: each stands beside its number on the page."""

from eemo_pipeline.stats.rater_statistics import Estimate
from eemo_pipeline.web.care import FEWEST_PROBES
from eemo_pipeline.web.quality import FEWEST, FieldQuality, RaterQuality

# Below these alphas a field needs a look. People on this task reach .50 to .57 for the emotion, .81
# for valence and .56 for arousal where drafts were filled in (pilot of AIGIEmo), so blind is lower.
LOW_ALPHA = {"emotion": 0.4, "valence": 0.6, "arousal": 0.35}
_FAST = 0.95  # share of drafts accepted, over at least 50, at which a person may not be looking
_FEW_ANSWERS = 50


def explain_alpha(name: str, alpha: Estimate) -> str:
    """Return what Krippendorff's alpha of a field says."""
    if alpha.value is None:
        return "No image has two judgements yet, or all of them say the same."
    said = f"{_between(alpha)}."
    if alpha.count < FEWEST:
        return f"{said} {alpha.count} images are too few to act on."
    if alpha.value < LOW_ALPHA[name]:
        words = f"Below {LOW_ALPHA[name]:g}: see whether the guide is clear about {name}."
        return f"{said} {words} People may also differ with good reason."
    return f"{said} At {LOW_ALPHA[name]:g} or more: as people agree on this task."


def explain_rater(rater: RaterQuality, *, sees_all: bool) -> list[str]:
    """Return what is to be said of a person's numbers; of wrong drafts only to administrators."""
    said = [_explain_offset(scale, rater.offsets[scale]) for scale in ("valence", "arousal")]
    if rater.is_same_again.value is not None:
        again, asked = rater.is_same_again, rater.is_same_again.count
        said.append(
            f"Asked about {_images(asked)} a second time: the same emotion for "
            f"{round((again.value or 0) * asked)}{_if_few(asked)}."
        )
    accepted = rater.accepted
    if accepted.value is not None and accepted.value > _FAST and accepted.count >= _FEW_ANSWERS:
        said.append(
            f"Accepted {accepted.value:.0%} of {accepted.count} drafts: worth a second look."
        )
    wrong = rater.wrong_accepted
    if sees_all and wrong.value is not None:
        taken = round(wrong.value * wrong.count)
        verdict = "no verdict yet" if wrong.count < FEWEST_PROBES else "no cause for concern"
        if rater.accepts_too_much:
            verdict = "too many; the key that accepts the rest is off for this person"
        said.append(
            f"Accepted {taken} of {wrong.count} drafts that were wrong on purpose: {verdict}."
        )
    if sees_all:
        said.append(_explain_gold(rater))
    return [one for one in said if one]


def explain_field(quality: FieldQuality) -> str:
    """Return what the answers to one drafted field say."""
    few = _if_few(quality.accepted.count)
    changed = 1 - (quality.accepted.value or 0)
    return f"Of 100 drafts people change or refuse about {changed * 100:.0f}{few}."


def _explain_gold(rater: RaterQuality) -> str:
    mass, expected = rater.gold_mass, rater.gold_expected
    if mass.value is None or mass.upper is None or expected is None:
        return ""
    few = _if_few(mass.count)
    if mass.upper < expected:
        return f"On {_images(mass.count)} of gold: names rarer emotions than people do{few}."
    return f"On {_images(mass.count)} of gold: names what many people named{few}."


def _explain_offset(scale: str, offset: Estimate) -> str:
    if offset.value is None or offset.lower is None or offset.upper is None:
        return ""
    if offset.lower <= 0 <= offset.upper:
        return f"No difference in {scale} that could not be chance: the interval holds 0."
    way = "higher" if offset.value > 0 else "lower"
    steps = "step" if round(abs(offset.value), 1) == 1 else "steps"
    return (
        f"Rates {scale} {abs(offset.value):.1f} {steps} {way} than the others of the same "
        f"{_images(offset.count)}{_if_few(offset.count)}."
    )


def _between(one: Estimate) -> str:
    if one.lower is None or one.upper is None:
        return "There is no interval yet"
    return f"With other images it would lie between {one.lower:.2f} and {one.upper:.2f}"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _if_few(count: int) -> str:
    return ", too few to say much" if count < FEWEST else ""
