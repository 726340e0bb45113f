"""The deterministic rules of the critic: one per field, based on measured facts.

Also holds the wording of the requests to annotators. A rule uses nothing but `Facts`, which do not
include the author of a value. A request names the problem and the evidence, never the new value.
"""

from collections.abc import Callable, Mapping

from eemo_pipeline.emotion.attributes import NEUTRAL, polarity
from eemo_pipeline.emotion.taxonomies import MIKELS_8, POSITIVE_MIKELS
from eemo_pipeline.emotion.vad import MIKELS_ANCHORS, level
from eemo_pipeline.roles.critic import Box, Facts, Look, Problem
from eemo_pipeline.roles.grounder import NOTHING_FOUND
from eemo_pipeline.stages.critic.colour_claims import (
    mentions,
    same_phrase,
    split_words,
    unsupported_claims,
)
from eemo_pipeline.stages.critic.limits import CRITIC_LIMITS, CriticLimits

LEVELS = ("low", "medium", "high")


_WANTED = {
    "EMO_CONFUSABLE": "Look at the picture again, weigh which emotion a typical viewer feels, and "
    "name the visible cues that decide it.",
    "EMO_UNSUPPORTED": "Name up to three visible cues, or choose an emotion that has them.",
    "EMO_CONTRADICTED": "Bring the emotion and its pleasantness into agreement with what is seen.",
    "FIELD_EMPTY": "Fill the field from what is visible.",
    "DESC_LENGTH": "Rewrite the sentence to a length of 8 to 25 words.",
    "DESC_OMITS_SUBJECT": "Rewrite the sentence so that it mentions the subject.",
    "DESC_UNSUPPORTED_CLAIM": "Rewrite the sentence without the claims that the picture does not "
    "bear out.",
    "BG_WRONG": "Describe the place or context as it is visible, in a short phrase.",
    "BAS_INCOHERENT": "Give the surroundings of the subject instead of the subject itself.",
    "ATTR_POLARITY": "Choose a visible attribute whose tone goes with the emotion.",
    "ATTR_NOT_VISIBLE": "Choose one or two words for a quality that can be seen on the subject.",
    "SUBJ_WRONG": "Give a short phrase, best one to three words, for what carries the emotion.",
    "SUBJ_NOT_SALIENT": "Choose as subject something that stands out in the picture.",
    "BOX_WRONG_OBJECT": "A box around the subject itself is wanted.",
    "BOX_MISSING": "A box around the subject is wanted.",
    "BOX_LOOSE": "A tighter box is wanted.",
    "BOX_PARTIAL": "A box around the whole subject is wanted.",
    "BOX_OUT_OF_IMAGE": "A box inside the picture is wanted.",
    "INT_TOO_HIGH": "Reconsider how strong the emotion is, between faint and overwhelming.",
    "INT_TOO_LOW": "Reconsider how strong the emotion is, between faint and overwhelming.",
    "UNSAFE": "A picture that may be shown is wanted.",
    "UNREADABLE": "A picture with visible content is wanted.",
}

_EMPTY = Problem("FIELD_EMPTY", "no value")
_NOBODY = Problem("FIELD_EMPTY", "no annotator gave a usable answer", is_final=True)
_BLANK = Problem("UNREADABLE", "the picture has no structure", is_final=True)


def word_request(field: str, problem: Problem) -> str:
    """Return the request to annotators: field, problem, evidence and kind of change."""
    return f"{field}: {problem.code}, {problem.finding}. {_WANTED[problem.code]}"


def find_problems(facts: Facts, limits: CriticLimits = CRITIC_LIMITS) -> dict[str, list[Problem]]:
    """Return field -> its problems, for all fields; an empty list if there are none."""
    if facts.is_blank:
        return {field: [_BLANK] for field in RULES}
    if facts.emotion is None:
        unanswered = {field: [_NOBODY] for field in RULES}
        nobody = Problem("EMO_UNSUPPORTED", _NOBODY.finding, is_final=True)
        return {**unanswered, "emotion": [nobody], "box": RULES["box"](facts, limits)}
    return {field: rule(facts, limits) for field, rule in RULES.items()}


def measure(field: str, facts: Facts) -> tuple[str, ...]:
    """Return the measured facts that the rule of a field compares its value with."""
    if field == "emotion":
        given = "none" if facts.valence is None else f"{facts.valence:.2f}"
        return (f"mean valence {given}", f"cues for the emotion: {facts.cue_count}")
    if field == "intensity":
        return (
            "mean arousal none" if facts.arousal is None else f"mean arousal {facts.arousal:.2f}",
        )
    if field in ("subject", "box"):
        scores = [f"{box.score:.2f}" for box in facts.boxes if box.score is not None]
        return (f"boxes: {len(facts.boxes)}", *(f"score {score}" for score in scores))
    return (_describe_look(facts.look),)


def judge_emotion(facts: Facts, limits: CriticLimits) -> list[Problem]:
    """Check that the emotion is uncontested, has cues, and agrees with the annotators' valence."""
    problems: list[Problem] = []
    if facts.is_contested:
        problems.append(Problem("EMO_CONFUSABLE", "the sources do not agree on the emotion"))
        if facts.cue_count == 0:
            finding = "nobody who chose the emotion names a visible cue"
            problems.append(Problem("EMO_UNSUPPORTED", finding))
    if facts.emotion is not None and (finding := _speaks_against(facts.emotion, facts, limits)):
        problems.append(Problem("EMO_CONTRADICTED", finding))
    return problems


def choose_emotion(facts: Facts, limits: CriticLimits) -> tuple[str | None, tuple[str, ...]]:
    """Return which candidate of a contested emotion the measures support, and the evidence.

    Mean valence speaks against a candidate of the other half, mean arousal against one whose anchor
    is at the other end. The choice is the one candidate against which nothing speaks; where it is
    both or neither, there is none.
    """
    against: dict[str, list[str]] = {}
    for label in (facts.emotion, facts.rival):
        if label is None:
            return None, ()
        found = [_speaks_against(label, facts, limits), _is_other_arousal(label, facts)]
        against[label] = [finding for finding in found if finding]
    left = [label for label, found in against.items() if not found]
    if len(left) != 1:
        return None, ()
    (other,) = against.keys() - {left[0]}
    return left[0], tuple(f"{finding}, against {other}" for finding in against[other])


def _speaks_against(emotion: str, facts: Facts, limits: CriticLimits) -> str | None:
    """Return the mean valence as evidence if it is that of the other half of the emotions."""
    if facts.valence is None:
        return None
    is_against = (
        facts.valence <= limits.unpleasant_up_to
        if emotion in POSITIVE_MIKELS
        else facts.valence >= limits.pleasant_from
    )
    return f"the mean valence given is {facts.valence:.2f} on 0 to 1" if is_against else None


def _is_other_arousal(emotion: str, facts: Facts) -> str | None:
    """Return the mean arousal as evidence if the emotion's anchor is at the other end."""
    if facts.arousal is None:
        return None
    ends = {level(facts.arousal), level(MIKELS_ANCHORS[emotion].arousal)}
    return (
        f"the mean arousal given is {facts.arousal:.2f} on 0 to 1"
        if ends == {"low", "high"}
        else None
    )


def judge_description(facts: Facts, limits: CriticLimits) -> list[Problem]:
    """Check the length, the mention of the subject, and claims about colour and light."""
    if _is_empty(facts.description):
        return [_EMPTY]
    text = facts.description or ""
    problems: list[Problem] = []
    words = len(split_words(text))
    if not limits.shortest_description <= words <= limits.longest_description:
        problems.append(Problem("DESC_LENGTH", f"the sentence has {words} words"))
    if not _is_empty(facts.subject) and not mentions(text, facts.subject or ""):
        problems.append(Problem("DESC_OMITS_SUBJECT", "the subject's noun is not in the sentence"))
    if wrong := unsupported_claims(text, facts.look):
        problems.append(Problem("DESC_UNSUPPORTED_CLAIM", _denied(wrong, facts.look)))
    return problems


def judge_background(facts: Facts, limits: CriticLimits) -> list[Problem]:  # noqa: ARG001
    """Check that the background differs from the subject and agrees with the measures."""
    if _is_empty(facts.background):
        return [_EMPTY]
    text = facts.background or ""
    problems: list[Problem] = []
    if same_phrase(text, facts.subject or ""):
        problems.append(Problem("BAS_INCOHERENT", "background and subject are the same"))
    if wrong := unsupported_claims(text, facts.look):
        problems.append(Problem("BG_WRONG", _denied(wrong, facts.look)))
    return problems


def judge_attribute(facts: Facts, limits: CriticLimits) -> list[Problem]:  # noqa: ARG001
    """Check that the attribute is a visible quality with the polarity of the emotion."""
    if _is_empty(facts.attribute):
        return [_EMPTY]
    text = (facts.attribute or "").strip().lower()
    problems: list[Problem] = []
    if text in MIKELS_8:
        problems.append(Problem("ATTR_NOT_VISIBLE", "the attribute is the name of an emotion"))
    elif wrong := unsupported_claims(text, facts.look):
        problems.append(Problem("ATTR_NOT_VISIBLE", _denied(wrong, facts.look)))
    half = "positive" if facts.emotion in POSITIVE_MIKELS else "negative"
    tone = _tone(text)
    if tone not in (NEUTRAL, half):
        finding = f"the attribute is {tone} while the emotion is {half}"
        problems.append(Problem("ATTR_POLARITY", finding))
    return problems


def judge_subject(facts: Facts, limits: CriticLimits) -> list[Problem]:
    """Check that the subject is a short phrase and that a box has a sufficient score.

    A subject whose words a detector searched for in vain has none.
    """
    if _is_empty(facts.subject):
        return [_EMPTY]
    problems: list[Problem] = []
    words = len(split_words(facts.subject or ""))
    if not 1 <= words <= limits.phrase_words:
        problems.append(Problem("SUBJ_WRONG", f"the subject has {words} words"))
    scores = [box.score for box in facts.boxes if box.score is not None]
    if scores and max(scores) < limits.salient_score:
        finding = f"the best box has score {max(scores):.2f}"
        problems.append(Problem("SUBJ_NOT_SALIENT", finding))
    if facts.no_box_reason == NOTHING_FOUND:
        finding = "the detector finds no region for its words"
        problems.append(Problem("SUBJ_NOT_SALIENT", finding))
    return problems


def judge_intensity(facts: Facts, limits: CriticLimits) -> list[Problem]:
    """Check that the intensity is at most one level from the annotators' mean arousal."""
    if facts.intensity is None or facts.intensity_level is None:
        return [_EMPTY]
    if facts.arousal is None:
        return []
    measured = _level(1 + 9 * facts.arousal, limits)
    distance = LEVELS.index(facts.intensity_level) - LEVELS.index(measured)
    finding = f"the level is {facts.intensity_level} while the mean arousal is {facts.arousal:.2f}"
    if distance >= limits.levels_apart:
        return [Problem("INT_TOO_HIGH", finding)]
    return [Problem("INT_TOO_LOW", finding)] if distance <= -limits.levels_apart else []


def judge_box(facts: Facts, limits: CriticLimits) -> list[Problem]:
    """Check that boxes exist, lie inside the image, and have a plausible area.

    Where a detector searched for words in vain, other words may have a box, or a person draws one.
    """
    if not facts.boxes:
        finding = f"no region: {facts.no_box_reason or 'none reported'}"
        may_come = facts.is_detector_down or facts.no_box_reason == NOTHING_FOUND
        return [Problem("BOX_MISSING", finding, is_final=not may_come)]
    found = [problem for box in facts.boxes for problem in _box_problems(box, facts, limits)]
    return list({problem.code: problem for problem in reversed(found)}.values())[::-1]


RULES: Mapping[str, Callable[[Facts, CriticLimits], list[Problem]]] = {
    "emotion": judge_emotion,
    "description": judge_description,
    "background": judge_background,
    "attribute": judge_attribute,
    "subject": judge_subject,
    "intensity": judge_intensity,
    "box": judge_box,
}
FIELDS = tuple(RULES)


def _box_problems(box: Box, facts: Facts, limits: CriticLimits) -> list[Problem]:
    if box.x1 is None or box.y1 is None or box.x2 is None or box.y2 is None:
        return [Problem("BOX_MISSING", "a region has no corners")]
    is_inside = 0 <= box.x1 < box.x2 <= facts.width_px and 0 <= box.y1 < box.y2 <= facts.height_px
    if not is_inside:
        return [Problem("BOX_OUT_OF_IMAGE", "a corner is outside the picture or out of order")]
    share = (box.x2 - box.x1) * (box.y2 - box.y1) / (facts.width_px * facts.height_px)
    if share < limits.smallest_box:
        return [Problem("BOX_PARTIAL", f"a box has {share:.5f} of the picture's area")]
    if share > limits.largest_box:
        return [Problem("BOX_LOOSE", f"a box has {share:.5f} of the picture's area")]
    return []


def _level(intensity: float, limits: CriticLimits) -> str:
    whole, cuts = round(intensity), limits.decision
    return "low" if whole <= cuts.low_up_to else "medium" if whole <= cuts.medium_up_to else "high"


def _tone(attribute: str) -> str:
    """Return the polarity of the phrase, else of its first word in the lexicon, else neutral."""
    known = (polarity(part) for part in (attribute, *split_words(attribute)))
    return next((tone for tone in known if tone is not None), NEUTRAL)


def _is_empty(text: str | None) -> bool:
    return text is None or not text.strip()


def _denied(words: list[str], look: Look) -> str:
    return f"{', '.join(words)} not borne out by {_describe_look(look)}"


def _describe_look(look: Look) -> str:
    colours = " ".join(look.dominant_colours) or "unknown"
    return (
        f"brightness {look.brightness:.2f}, colourfulness {look.colourfulness:.0f}, "
        f"dominant colours {colours}"
    )
