"""What a person can say of an image: fields, values and kinds of events, each validated.

The ratings follow AIGIEmo: nine steps from -4 to 4, without a default. Emotions are names, never
numbers. "absent" (there is none), "unknown" (cannot be told) and no value are three things.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from eemo_pipeline.emotion.taxonomies import MIKELS_8

# Grouped by valence, so that a hand finds them (keys 1 to 8).
_PLEASANT = ("amusement", "awe", "contentment", "excitement")
_UNPLEASANT = ("anger", "disgust", "fear", "sadness")
EMOTIONS = (*_PLEASANT, *_UNPLEASANT)
RATINGS = tuple(range(-4, 5))
SURENESS = ("low", "medium", "high")
RATING_INPUTS = ("scales", "grid")  # two rows of steps, or one plane of both

# Fields that models draft.
TEXT_FIELDS = (
    *("description", "background", "attribute", "subject", "style", "scene", "facial_expression"),
    *("human_action", "reason"),
)
LIST_FIELDS = ("objects",)
BOX_FIELD = "box"
REASON_FIELD = "reason"  # may name boxes by their number, as in `the dog [1]`
# The order of the screen: background, attribute and subject in a row, and the reason, which may
# name boxes by number, at the end.
DRAFTED_FIELDS = (
    *("description", "background", "attribute", "subject", BOX_FIELD, "scene", *LIST_FIELDS),
    *("facial_expression", "human_action", "style", REASON_FIELD),
)

# Why a draft is refused, with the digits of the keyboard.
REFUSALS = (
    *("wrong", "not_visible", "contradicts_image", "too_vague", "names_an_emotion"),
    "bad_language",
)
BOX_REFUSALS = ("loose", "wrong_object", "missing", "duplicate")
SKIP_REASONS = ("cannot_judge", "distressing", "private_person", "broken_image", "other")
FLAGS = ("distressing", "illegal", "private_person", "watermark", "broken_image")
RECONCILIATIONS = ("keep", "change", "both")
# What an adjudicator decides besides an emotion: to keep the distribution, or to drop the image.
PLURAL, DROP = "plural", "drop"
CAUSES = (
    *("ambiguous_image", "unclear_gloss", "slip", "edge_case", "legitimately_plural"),
    "bad_image",
)

MAX_TEXT = 2_000
_MAX_BOXES = 50

if set(DRAFTED_FIELDS) != {*TEXT_FIELDS, *LIST_FIELDS, BOX_FIELD}:
    raise AssertionError("every drafted field has its place on the screen")
if set(EMOTIONS) != set(MIKELS_8):  # the screen's order is another, its names are the same
    raise AssertionError("the screen must offer exactly the eight emotions of Mikels")

Emotion = Literal[
    "amusement",
    "awe",
    "contentment",
    "excitement",
    "anger",
    "disgust",
    "fear",
    "sadness",
]
Dominant = Emotion | Literal["neutral", "cannot_tell"]
Rating = Annotated[int, Field(ge=-4, le=4, strict=True)]
Strength = Annotated[int, Field(ge=1, le=3, strict=True)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Pixel = Annotated[int, Field(ge=0, strict=True)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BlindJudgement(_Said):
    """What the image makes a person feel, said before any draft is shown.

    Attributes:
        emotion: the dominant emotion, `neutral`, or `cannot_tell`.
        also: other emotions felt, each with its strength, 1 to 3.
        valence: -4 (negative) to 4 (positive).
        arousal: -4 (calm) to 4 (excited).
        sureness: how sure the person is, optional.
    """

    emotion: Dominant
    also: dict[Emotion, Strength] = {}
    valence: Rating
    arousal: Rating
    sureness: Literal["low", "medium", "high"] | None = None

    @model_validator(mode="after")
    def _is_not_twice(self) -> Self:
        if self.emotion in self.also:
            raise ValueError("the dominant emotion cannot be felt a second time")
        return self


class Adjudication(_Said):
    """What an adjudicator decides where people do not agree.

    Attributes:
        choice: an emotion, `neutral`, `plural` (people differ with good reason: the distribution is
            kept, and no label is forced), or `drop`.
        cause: why people differ.
        note: a reason in words; needed where the choice is nobody's.
        guide_change: the guidelines should say more about such images; administrators see it.
    """

    choice: Emotion | Literal["neutral", "plural", "drop"]
    cause: Literal[
        "ambiguous_image",
        "unclear_gloss",
        "slip",
        "edge_case",
        "legitimately_plural",
        "bad_image",
    ]
    note: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    guide_change: bool = False


class Objects(_Said):
    """What a person says of the objects of an image; drafted ones in neither list are not there.

    Attributes:
        present: they are there.
        unknown: it cannot be told.
    """

    present: Annotated[list[Text], Field(max_length=100)]
    unknown: Annotated[list[Text], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _is_not_both(self) -> Self:
        if set(self.present) & set(self.unknown):
            raise ValueError("an object is either there or cannot be told")
        return self


class Box(_Said):
    """A box in whole pixels of the upright image."""

    x1_px: Pixel
    y1_px: Pixel
    x2_px: Pixel
    y2_px: Pixel

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        if self.x2_px <= self.x1_px or self.y2_px <= self.y1_px:
            raise ValueError("the box has no area")
        return self


_VALUES: dict[str, TypeAdapter[Any]] = {
    **dict.fromkeys(TEXT_FIELDS, TypeAdapter(Text)),
    **dict.fromkeys(
        LIST_FIELDS, TypeAdapter(Annotated[list[Text], Field(max_length=100)] | Objects)
    ),
    BOX_FIELD: TypeAdapter(Annotated[list[Box], Field(max_length=_MAX_BOXES)]),
}


class Event(_Said):
    """One thing that a person did, as the page sends it.

    Attributes:
        event_id: made by the page; the same id is stored once, however often it is sent.
        kind: what was done.
        field: the field it is about, for the events of fields.
        value: the new value, the code of a refusal, or the id of the event that is undone.
        draft_version: the version of the draft that was on the screen.
        client_ms: the page's clock, milliseconds since 1970; kept, never trusted.
        duration_ms: time from showing the field to this event.
        is_rest: the key that accepts all that is left was pressed.
        seen_ms: how long the draft had been on the screen by then.
    """

    event_id: Annotated[str, Field(pattern=r"^[0-9a-f-]{16,36}$")]
    kind: Literal[
        "field_accept",
        "field_edit",
        "field_reject",
        "field_absent",
        "field_unknown",
        "reconcile",
        "undo",
        "flag",
    ]
    field: str | None = None
    value: Any = None
    draft_version: Annotated[str, Field(max_length=64)] | None = None
    client_ms: Annotated[int, Field(ge=0, le=2**53)] | None = None
    duration_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    is_rest: bool = False
    seen_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind.startswith("field_"):
            if self.field not in DRAFTED_FIELDS:
                raise ValueError(f"{self.field!r} is no field; one of {', '.join(DRAFTED_FIELDS)}")
            self._fits_field(self.field)
            return self
        if self.field is not None:
            raise ValueError(f"{self.kind} is not about a field")
        choices = {"reconcile": RECONCILIATIONS, "flag": FLAGS}.get(self.kind)
        if choices and self.value not in choices:
            raise ValueError(f"{self.kind} takes one of {', '.join(choices)}")
        if self.kind == "undo" and not isinstance(self.value, str):
            raise ValueError("undo takes the id of an event")
        return self

    def _fits_field(self, field: str) -> None:
        if self.kind == "field_edit":
            # The checked value is what was sent: strings are not stripped or changed.
            _VALUES[field].validate_python(self.value)
        elif self.kind == "field_reject":
            codes = BOX_REFUSALS if field == BOX_FIELD else REFUSALS
            if self.value not in codes:
                raise ValueError(f"a refusal of {field} takes one of {', '.join(codes)}")
        elif self.value is not None:
            raise ValueError(f"{self.kind} takes no value")


def order_emotions(turn: int) -> tuple[str, ...]:
    """Return the emotions in the order in which a person sees them, always the same for one person.

    Over eight turns every emotion stands once in every place (a Latin square), and the groups of
    valence stay together: people prefer what stands first, and nobody has to search.

    Args:
        turn: the person's turn, 0 or more; every eighth person has the same order.
    """
    groups = [
        group[turn // 2 % len(group) :] + group[: turn // 2 % len(group)]
        for group in (_PLEASANT, _UNPLEASANT)
    ]
    return tuple(name for group in (reversed(groups) if turn % 2 else groups) for name in group)


def explain_error(error: ValidationError) -> str:
    """Return what is wrong with a person's input, without repeating the input."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'event'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
