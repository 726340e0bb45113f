"""From a request to the text of its answer.

Belongs here: what a model of this server says, and how long it may be. Does not belong here: the
protocol, and faults.
"""

import json
from collections import OrderedDict
from hashlib import blake2b
from typing import Any, Literal

from resources.local_server.asked import Answer, Asked, Tokens
from resources.local_server.realiser import realise
from resources.local_server.sights import Sight, describe, imagine, see
from resources.local_server.tokens import picture_bytes, picture_tokens, text_tokens

Manner = Literal["pixels", "schema"]
_REMEMBERED = 4096


class Answers:
    """Works answers out; the same request always gets the same one.

    In the manner "pixels" a picture is decoded and looked at; in the manner "schema" it is not,
    and what is said of it is drawn from a hash: for measuring speed.
    """

    def __init__(self, manner: Manner) -> None:
        """Remember nothing yet."""
        self._manner = manner
        self._texts: OrderedDict[bytes, str] = OrderedDict()
        self._sights: OrderedDict[bytes, Sight] = OrderedDict()

    def known(self, asked: Asked) -> str | None:
        """The answer where it costs nothing to have it now; else None."""
        if (text := self._texts.get(asked.digest)) is not None:
            return text
        if self._manner == "schema" or not asked.pictures:
            return self.work_out(asked)
        return None

    def work_out(self, asked: Asked) -> str:
        """The answer.

        Raises:
            Problem: a picture cannot be decoded.
        """
        sight = self._sight(asked)
        said = describe(sight, asked.model)
        if asked.schema is None:
            text = said["description"]
        else:
            seed = f"{asked.model} {sight}"
            text = json.dumps(realise(asked.schema, said, seed), ensure_ascii=False)
        _remember(self._texts, asked.digest, text)
        return text

    def _sight(self, asked: Asked) -> Sight:
        if not asked.pictures:
            return imagine(" ".join(asked.texts))
        name = blake2b(asked.pictures[0].base64.encode(), digest_size=16).digest()
        if (sight := self._sights.get(name)) is None:
            if self._manner == "schema":
                sight = imagine(name.hex())
            else:
                sight = see(picture_bytes(asked.pictures[0]))
            _remember(self._sights, name, sight)
        return sight


def count_tokens(asked: Asked) -> Tokens:
    """Tokens of a request that has no answer yet.

    Raises:
        Problem: a picture is no picture.
    """
    texts = sum(map(text_tokens, asked.texts))
    if asked.schema is not None:
        texts += text_tokens(json.dumps(asked.schema, separators=(",", ":"), ensure_ascii=False))
    pictures = sum(picture_tokens(asked.provider, picture) for picture in asked.pictures)
    return Tokens(texts, pictures, 0)


def cut(answer: Answer, asked: Asked, tokens: Tokens) -> tuple[Answer, Tokens]:
    """The answer within the request's limit, and the tokens with its own.

    An enormous answer ignores the limit, as a broken server would, but not on the bill.
    """
    most = asked.max_output_tokens
    output = text_tokens(answer.text)
    if most is not None and output > most:
        output = most
        if answer.kind != "enormous":
            text = answer.text.encode("utf-8", "surrogatepass")[: most * 4].decode(
                "utf-8", "ignore"
            )
            answer = Answer(text, "length", answer.kind if answer.kind != "ok" else "cut")
    return answer, Tokens(tokens.text_input, tokens.picture_input, output)


def _remember(memory: OrderedDict[bytes, Any], key: bytes, value: Any) -> None:
    memory[key] = value
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
