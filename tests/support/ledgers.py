"""Ledger entries for tests."""

from typing import Any

from eemo_pipeline.ledger.store import Attempt


def build_attempt(number: int, **changes: Any) -> Attempt:
    """Return a successful attempt, with `changes` applied."""
    usual: dict[str, Any] = {
        "key": f"{number:064x}",
        "stage": "annotation",
        "role": "annotator",
        "provider": "local_openai",
        "model": "local-a",
        "image_id": f"{number:064x}",
        "outcome": "ok",
        "input_tokens": 1000,
        "output_tokens": 100,
        "cached_tokens": 0,
        "nano_usd": 560_000,
        "latency_ms": 200,
    }
    return Attempt(**{**usual, **changes})
