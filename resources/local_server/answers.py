"""Creates the text of an answer to a request, and applies the output limit."""

import json
import zlib
from collections import OrderedDict
from hashlib import sha256
from typing import Any, Literal

from resources.local_server.asked import Answer, Asked, Problem, Tokens
from resources.local_server.authors import compose, is_writing
from resources.local_server.examinee import answer, is_examined
from resources.local_server.opinions import describe
from resources.local_server.painter import encode, paint
from resources.local_server.realiser import realise
from resources.local_server.sights import Sight, imagine, see
from resources.local_server.tokens import picture_bytes, text_tokens
from resources.local_server.verdicts import judge

Manner = Literal["pixels", "schema"]
_REMEMBERED = 4096
_PIXELS_PER_TOKEN = 256  # of a painted image
# Properties of schemas that ask for a judgement on a record, not for a record.
_JUDGING = ('"verdict"', '"codes"', '"choice"', '"who_or_what"')
_IMAGINED = 256  # number of different sights if images are not decoded


class Answers:
    """Computes answers; the same request always gets the same answer.

    With "pixels", the image is decoded and measured. With "schema" it is not: one of 256 made-up
    sights replaces it, chosen by a checksum, to measure speed.
    """

    def __init__(self, manner: Manner) -> None:
        """Start with an empty memory."""
        self._manner = manner
        self._texts: OrderedDict[tuple[str, str, Sight, str], str] = OrderedDict()
        self._sights: OrderedDict[bytes | int, Sight] = OrderedDict()

    def known(self, asked: Asked) -> str | None:
        """Return the answer if no image must be decoded or painted for it, else None."""
        if asked.wish is not None:
            return None
        sight = self._known_sight(asked)
        return None if sight is None else self._word(asked, sight)

    def work_out(self, asked: Asked) -> str:
        """Return the answer, after measuring the first image.

        Raises:
            Problem: The image cannot be decoded.
        """
        if asked.wish is not None:
            return encode(paint(" ".join(asked.texts), asked.wish))
        sight = self._known_sight(asked)
        if sight is None:
            sight = see(picture_bytes(asked.pictures[0]))
            _remember(self._sights, _name(asked), sight)
        return self._word(asked, sight)

    def _known_sight(self, asked: Asked) -> Sight | None:
        if asked.pictures and self._manner == "pixels":
            return self._sights.get(_name(asked))
        said = asked.pictures[0].base64 if asked.pictures else " ".join(asked.texts)
        number = zlib.crc32(said.encode("utf-8", "surrogatepass")) % _IMAGINED
        if (sight := self._sights.get(number)) is None:
            sight = self._sights[number] = imagine(str(number))
        return sight

    def _word(self, asked: Asked, sight: Sight) -> str:
        if is_writing(asked):
            return compose(sight, asked)
        if is_examined(asked):
            return answer(sight, asked)
        record = _quoted_record(asked)
        key = (asked.model, asked.schema_text, sight, json.dumps(record, sort_keys=True))
        if (text := self._texts.get(key)) is None:
            is_judging = any(name in asked.schema_text for name in _JUDGING)
            say = judge if is_judging else describe
            said = say(sight, asked.model, record)
            if asked.schema is None:
                text = str(said["description"])
            else:
                text = _realise(asked, said, f"{asked.model} {sight}")
            _remember(self._texts, key, text)
        return text


def cut(answer: Answer, asked: Asked, tokens: Tokens) -> tuple[Answer, Tokens]:
    """Cut the answer to the request's limit; return it and the tokens including its own.

    An enormous answer ignores the limit, as from a broken server, but is billed only up to it.
    """
    if asked.wish is not None:  # an image is billed as one, not by the letters that carry it
        output = -(-asked.wish.width * asked.wish.height // _PIXELS_PER_TOKEN)
        return answer, Tokens(tokens.text_input, tokens.picture_input, output, 1)
    most = asked.max_output_tokens
    output = text_tokens(answer.text)
    if most is not None and output > most:
        output = most
        if answer.kind != "enormous":
            text = answer.text.encode("utf-8", "surrogatepass")[: most * 4].decode(
                "utf-8", "ignore"
            )
            answer = Answer(text, "length", "cut" if answer.kind == "ok" else answer.kind)
    return answer, Tokens(tokens.text_input, tokens.picture_input, output)


def _quoted_record(asked: Asked) -> dict[str, Any]:
    """Return the record quoted in a question as JSON, alone or under `record`; {} if none."""
    for text in asked.texts:
        if not text.startswith("{"):
            continue
        try:
            said = json.loads(text)
        except ValueError:
            continue
        record = said.get("record", said)
        if isinstance(record, dict):
            return record
    return {}


def _realise(asked: Asked, said: dict[str, Any], seed: str) -> str:
    try:
        value = realise(asked.schema or {}, said, seed)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        raise Problem("bad_request", "The schema of the reply is not understood.") from None
    return json.dumps(value, ensure_ascii=False)


def _name(asked: Asked) -> bytes:
    return sha256(asked.pictures[0].base64.encode()).digest()


def _remember(memory: OrderedDict[Any, Any], key: object, value: object) -> None:
    memory[key] = value
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
