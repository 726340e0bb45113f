"""The OpenAI protocol's JSON for generated images: one image per request, in Base64."""

import re
from collections.abc import Mapping
from typing import Any

from resources.local_server.asked import Answer, Asked, Dialect, Problem, Tokens, Wish, digest_of
from resources.local_server.openai_wire import CREATED, PROVIDER, write_problem

_SIZE = re.compile(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})")
_LONGEST_PROMPT = 32_000  # characters


def read_images(body: Mapping[str, Any], raw: bytes, model: str | None) -> Asked:
    """Read the request of an image."""
    del model
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Problem("bad_request", "There is no prompt.")
    if len(prompt) > _LONGEST_PROMPT:
        raise Problem("bad_request", f"The prompt is longer than {_LONGEST_PROMPT} characters.")
    if body.get("n", 1) != 1:
        raise Problem("bad_request", "This server makes one image per request.")
    found = _SIZE.fullmatch(str(body.get("size") or "1024x1024"))
    if found is None:
        raise Problem("bad_request", "size is WIDTHxHEIGHT.")
    seed = body.get("seed") or 0
    if not isinstance(seed, int):
        raise Problem("bad_request", "seed is not a whole number.")
    wish = Wish(int(found[1]), int(found[2]), seed)
    name = str(body.get("model"))
    return Asked(PROVIDER, name, (prompt,), (), None, "", None, digest_of(raw), wish)


def write_images(asked: Asked, answer: Answer, tokens: Tokens, answer_id: str) -> dict[str, Any]:
    """Return the image as JSON."""
    del asked, answer_id
    return {
        "created": CREATED,
        "data": [{"b64_json": answer.text}] if answer.finish == "stop" else [],
        "usage": {
            "input_tokens": tokens.input,
            "output_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output,
        },
    }


IMAGES = Dialect("images", read_images, write_images, write_problem)
