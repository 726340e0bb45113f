"""Bodies of responses over HTTP, read with a bound, for servers that no vendor's SDK speaks to."""

import json
from typing import Any

from eemo_pipeline.vlm.errors import Transient


async def read_limited(response: Any, most_bytes: int) -> bytes:
    """Return the body of an aiohttp response.

    Raises:
        Transient: it is longer than `most_bytes`.
    """
    content = bytearray()
    while chunk := await response.content.readany():
        content += chunk
        if len(content) > most_bytes:
            raise Transient(f"the response is longer than {most_bytes} bytes")
    return bytes(content)


def as_json(content: bytes) -> Any:
    """Return the JSON of a response, or the beginning of its text."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content[:1000].decode("utf-8", "replace")
