"""The keys of the pages on which images are judged: what each does, and each person's own choice.

A key is a place on the keyboard (`KeyboardEvent.code` of the W3C), not the letter printed on it, so
that the rows stay rows on every layout. Enter, Escape, Tab, Backspace, `?`, the digits of reasons
and keys with Ctrl are the same for everybody. Shift with an emotion's key means "also felt"; Shift
with the key that accepts a draft accepts the rest.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from eemo_pipeline.web.database import RATERS, ReviewDatabase
from eemo_pipeline.web.fields import SURENESS
from eemo_pipeline.web.people import Session

BLIND, DRAFTS, BOXES = "blind", "drafts", "boxes"
_PAGE, _ANY = (BLIND, DRAFTS), (BLIND, DRAFTS, BOXES)
_MARKED = (DRAFTS, BOXES)
HEADINGS = {
    (BLIND,): "Your own judgement",
    (DRAFTS,): "Checking drafts",
    _MARKED: "Boxes and masks",
    (BOXES,): "While boxes are edited",
    _PAGE: "Before and after",
    _ANY: "Always",
}
_CODE = re.compile(r"[A-Z][A-Za-z0-9]{1,19}")
# Keys that browsers and assistive technology need, or that mean the same for everybody here.
_TAKEN = re.compile(
    r"(Numpad)?Enter|Escape|Tab|Backspace|(Shift|Control|Alt|Meta)(Left|Right)|CapsLock"
)


class KeyProblem(Exception):
    """A choice of keys cannot be used; the message says why."""


@dataclass(frozen=True)
class Action:
    """Something that a key does.

    Attributes:
        name: how the pages call it.
        label: what people read.
        code: the key that it has unless a person chose another.
        scopes: where it works; two actions of one scope have two keys.
    """

    name: str
    label: str
    code: str
    scopes: tuple[str, ...]


def _row(scopes: tuple[str, ...], codes: str, *actions: tuple[str, str]) -> Iterator[Action]:
    for (name, label), code in zip(actions, codes.split(), strict=True):
        yield Action(name, label, code, scopes)


def _steps(scale: str, low: str, high: str) -> list[tuple[str, str]]:
    return [(f"{scale}_{step}", f"{scale} {step} of 9, {low} to {high}") for step in range(1, 10)]


# Which emotion is in which place is not the same for everybody (`fields.order_emotions`).
_FELT = (*(f"emotion {place} on the screen" for place in range(1, 9)), "neutral", "cannot tell")
ACTIONS = (
    *_row(
        (BLIND,),
        "Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0",
        *((f"emotion_{place}", label) for place, label in enumerate(_FELT, 1)),
    ),
    *_row(
        (BLIND,),
        "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO",
        *_steps("valence", "negative", "positive"),
    ),
    *_row(
        (BLIND,),
        "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL",
        *_steps("arousal", "calm", "excited"),
    ),
    *_row(
        (BLIND,),
        "KeyP BracketLeft BracketRight",
        *((f"sureness_{place}", f"sure: {level}") for place, level in enumerate(SURENESS, 1)),
    ),
    *_row((BLIND,), "Backslash", ("grid", "valence and arousal on one grid, or on two scales")),
    *_row(
        (DRAFTS,),
        "KeyA KeyE KeyX KeyN KeyU KeyK KeyC KeyP ArrowUp ArrowDown",
        ("accept", "accept the draft; with Shift: accept the rest"),
        ("edit", "edit the draft"),
        ("refuse", "refuse the draft, then a digit for the reason"),
        ("absent", "the image has nothing of the kind"),
        ("unknown", "it cannot be told"),
        ("keep", "keep my emotion"),
        ("change", "change it to the program's"),
        ("both", "both are plausible"),
        ("field_before", "the draft before"),
        ("field_after", "the next draft"),
    ),
    *_row(
        (BOXES,),
        "BracketRight BracketLeft ArrowLeft ArrowRight ArrowUp ArrowDown KeyP Delete",
        ("edge_after", "the next edge of the box; after the last, the whole box"),
        ("edge_before", "the edge before"),
        ("box_left", "1 px to the left; with Shift: 10 px"),
        ("box_right", "1 px to the right; with Shift: 10 px"),
        ("box_up", "1 px up; with Shift: 10 px"),
        ("box_down", "1 px down; with Shift: 10 px"),
        ("box_points", "draw a box by four points"),
        ("box_remove", "remove the box"),
    ),
    *_row(
        _MARKED,
        "KeyB KeyM",
        ("box_after", "the next box"),
        ("masks", "masks on the image, on and off"),
    ),
    *_row(_PAGE, "ArrowLeft", ("previous", "the image before, up to ten")),
    *_row(
        _ANY,
        "Slash Space KeyV Equal Quote Semicolon",
        ("search", "choose among the words of a short field"),
        ("hide", "hold it: the image alone, without marks and panel"),
        ("marks", "marks on the image, off and on"),
        ("zoom", "full size, and back"),
        ("guide", "the guide, beside the image"),
        ("flag", "flag the image"),
    ),
)
_BY_NAME = {action.name: action for action in ACTIONS}


@dataclass(frozen=True)
class Keymap:
    """A person's keys.

    Attributes:
        keys: action -> code of its key, for all actions.
        single_keys: whether keys without Ctrl do anything (WCAG 2.2, 2.1.4).
    """

    keys: Mapping[str, str]
    single_keys: bool


def find_keys(database: ReviewDatabase, session: Session) -> Keymap:
    """Return a person's keys; those of actions that a later version added are the usual ones."""
    query = sa.select(RATERS.c.keymap).where(RATERS.c.rater_id == session.rater_id)
    with database.reading() as connection:
        chosen: dict[str, Any] = json.loads(connection.execute(query).scalar() or "{}")
    own = {name: code for name, code in chosen.get("keys", {}).items() if name in _BY_NAME}
    return Keymap(
        {action.name: own.get(action.name, action.code) for action in ACTIONS},
        chosen.get("single_keys", True),
    )


def choose_keys(
    database: ReviewDatabase, session: Session, keys: Mapping[str, str], *, single_keys: bool
) -> None:
    """Store a person's keys; actions that are left out keep the usual one.

    Raises:
        KeyProblem: an action or a key is unknown, or two actions of one scope share a key.
    """
    for name, code in keys.items():
        if name not in _BY_NAME:
            raise KeyProblem(f"{name!r} is nothing that a key does here")
        if not _CODE.fullmatch(code) or _TAKEN.fullmatch(code):
            raise KeyProblem(f'{code} cannot be used for "{_BY_NAME[name].label}"')
    _refuse_clashes({action.name: keys.get(action.name, action.code) for action in ACTIONS})
    changed = {name: code for name, code in keys.items() if _BY_NAME[name].code != code}
    stored = json.dumps({"keys": changed, "single_keys": single_keys}, sort_keys=True)
    with database.writing() as connection:
        same = RATERS.c.rater_id == session.rater_id
        connection.execute(RATERS.update().where(same).values(keymap=stored))


def _refuse_clashes(keys: Mapping[str, str]) -> None:
    for one, other in combinations(ACTIONS, 2):
        if keys[one.name] == keys[other.name] and set(one.scopes) & set(other.scopes):
            raise KeyProblem(f'{keys[one.name]} would mean both "{one.label}" and "{other.label}"')
