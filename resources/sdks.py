"""Imports the vendors' SDKs, one at a time.

Belongs here: importing. Does not belong here: anything of an SDK.

Models are asked in threads of their own, and each imports its SDK when it is first asked. The SDKs
share parts, and the openai client looks at every request whether httpx is among the imported
modules: where another thread is half way through importing it, the request fails.
"""

import threading
from importlib import import_module

_IMPORTING = threading.Lock()


def load_openai() -> None:
    """What the openai client needs, and what it looks for."""
    _load("httpx", "httpx2", "openai")


def load_gemini() -> None:
    """What the google-genai client needs."""
    _load("aiohttp", "google.genai")


def _load(*names: str) -> None:
    with _IMPORTING:
        for name in names:
            import_module(name)
