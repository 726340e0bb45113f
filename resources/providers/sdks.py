"""Imports the vendors' SDKs, one at a time.

Belongs here: importing. Does not belong here: anything of an SDK.

Models are asked in threads of their own, and each imports its SDK when it is first asked. The SDKs
share parts. The openai client checks at every request whether httpx is among the imported modules,
and the request fails where another thread is half way through importing it. Nothing here needs
httpx, so it is imported first only where some other package has brought it in.
"""

import threading
from importlib import import_module
from importlib.util import find_spec

_IMPORTING = threading.Lock()


def load_openai() -> None:
    """Import what the openai client needs, and httpx where it is installed."""
    if find_spec("httpx") is not None:
        _load("httpx")
    _load("httpx2", "openai")


def load_gemini() -> None:
    """What the google-genai client needs."""
    _load("aiohttp", "google.genai")


def _load(*names: str) -> None:
    with _IMPORTING:
        for name in names:
            import_module(name)
