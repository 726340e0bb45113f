"""The contract of a format in which labels of people are exchanged, and how to add one.

To add a format, add one file `eemo_pipeline/web/label_files/<format>.py` that declares
`FORMAT = LabelFormat(read=..., write=...)`. Its name on the command line is
the file's, with dashes.

A reader knows the format alone: it yields what the file says and refuses what it cannot understand,
each with its row. Whether the image and the value exist is judged by `label_import.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Our name of a field -> its names in files of others, in lower case.
SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "emotion": ("emotion", "emotion_category", "label"),
    "also_felt": ("also_felt",),
    "valence": ("valence",),
    "arousal": ("arousal",),
    "description": ("description", "caption"),
    "reason": ("reason", "emotion_reason", "reason_for_emotion"),
    "background": ("background",),
    "attribute": ("attribute",),
    "subject": ("subject",),
    "style": ("style",),
    "scene": ("scene", "scene_type"),
    "objects": ("objects", "object_types"),
    "facial_expression": ("facial_expression",),
    "human_action": ("human_action",),
    "box": ("box", "boxes", "bbox"),
}
_FIELDS = {name: field for field, names in SPELLINGS.items() for name in names}
RATERS = ("rater_id", "rater", "annotator", "worker", "completed_by")
IMAGES = ("image_id", "eemo_image_id", "image", "image_path", "path", "file_name")


@dataclass(frozen=True)
class Label:
    """What one person says of one field of one image.

    Attributes:
        row: place in the file, from 1.
        image: the image, as the file names it: an image_id, a path, or an address.
        rater: the person, as the file names them; empty where it names nobody.
        field: one of `SPELLINGS`.
        value: what they say, not checked.
        size_px: width and height of the image in which boxes are meant; None where not told.
    """

    row: int
    image: str
    rater: str
    field: str
    value: Any
    size_px: tuple[float, float] | None = None


@dataclass(frozen=True)
class Refusal:
    """A part of a file that is not taken, and why.

    Attributes:
        row: place in the file, from 1.
        reason: one word for it.
        detail: what is wrong, and with what.
        image: the image, as the file names it.
        rater: the person, as the file names them.
        field: the field, where the reason is about one.
    """

    row: int
    reason: str
    detail: str
    image: str = ""
    rater: str = ""
    field: str = ""


@dataclass(frozen=True)
class Judgement:
    """What one person said of one image, to be written.

    Attributes:
        image_id: the image.
        image_path: its file, relative to the data root.
        width_px: its width.
        height_px: its height.
        rater: the person's pseudonym.
        values: field of `SPELLINGS` -> value.
    """

    image_id: str
    image_path: str
    width_px: int
    height_px: int
    rater: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class LabelFormat:
    """A format of files with labels.

    Attributes:
        read: the text of a file -> labels and refusals, in the order of the file.
        write: judgements, sorted by image and person -> the text of a file.
        holds: fields that the format can hold.
    """

    read: Callable[[str], Iterator[Label | Refusal]]
    write: Callable[[Sequence[Judgement]], str]
    holds: tuple[str, ...] = tuple(SPELLINGS)


def find_field(name: str) -> str | None:
    """Return our name of a field, None where it is none."""
    return _FIELDS.get(name.strip().casefold().replace("-", "_").replace(" ", "_"))


def as_name(value: Any) -> str:
    """Return a name of an image or a person as text; empty for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def pick_name(fields: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the first of the names that has a value, as text."""
    return next((found for name in names if (found := as_name(fields.get(name)))), "")
