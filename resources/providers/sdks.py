"""Imports the vendors' SDKs, one at a time.

Each model runs in its own thread and imports its SDK on first use. The SDKs share dependencies. The
openai client checks at every request whether httpx is among the imported modules, and the request
fails if another thread is halfway through importing it. Nothing here needs httpx, so it is imported
first only if some other package has installed it.
"""

import threading
from importlib import import_module
from importlib.util import find_spec

_IMPORTING = threading.Lock()


def load_openai() -> None:
    """Import the modules that the openai client needs, and httpx if it is installed."""
    if find_spec("httpx") is not None:
        _load("httpx")
    _load("httpx2", "openai")


def load_gemini() -> None:
    """Import the modules that the google-genai client needs."""
    _load("aiohttp", "google.genai")


def _load(*names: str) -> None:
    with _IMPORTING:
        for name in names:
            import_module(name)
