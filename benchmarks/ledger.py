"""Time of look-ups and recording in the ledger, compared with SQLite alone.

Both hold the same answers. The plain side is a careful program without a library: `sqlite3`, 500
keys per query, `json`. The look-up time is the median of several passes over all keys, alternating
between both: wall time, and CPU time, which is hardly affected by other load on the machine.
Recording compares one commit per answer with the groups in which the engine records.

    python benchmarks/ledger.py
"""

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Answer, Ask, Attempt, Ledger

_ROLE, _MODEL = "annotator", "local-a"
_ANSWER: Answer = {
    "status": "ok",
    "description": "A calm lake under a wide evening sky, soft light on still water.",
    "background": "a lake in the evening",
    "attribute": "calm",
    "subject": "the lake",
    "emotion": "contentment",
    "alternatives": ["awe", "amusement"],
    "alternative_probabilities": [0.3, 0.1],
    "clarity": 7,
    "intensity": 5,
    "evidence": ["still water", "soft light", "wide sky"],
}


def main() -> None:
    """Measure, and print one line per measurement."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--passes", type=int, default=5)
    options = parser.parse_args()
    asks = [Ask(f"{number:064x}") for number in range(options.rows)]
    keys = [ask.key(_ROLE, _MODEL) for ask in asks]
    with tempfile.TemporaryDirectory() as folder, closing(Ledger(Path(folder) / "l")) as ledger:
        path = Path(folder) / "l"
        for start in range(0, len(asks), 5_000):
            ledger.store(_ROLE, _MODEL, [(ask, _ANSWER) for ask in asks[start : start + 5_000]])
        print(f"{options.rows:,} answers of {len(json.dumps(_ANSWER))} bytes")
        ours, plain = _take_turns(
            lambda: ledger.find(keys), lambda: _find_plainly(path, keys), options.passes
        )
        for kind, mine, other in zip(("wall", "CPU"), ours, plain, strict=True):
            print(f"look-up of all keys, {kind:>4}: ledger {mine:.2f} s, ", end="")
            print(f"sqlite3 {other:.2f} s, {mine / other:.2f}x")
        inquiry = Inquiry(_ROLE, _MODEL, asks, lambda _: iter(()))
        wall, cpu = _time(lambda: answer_all(ledger, inquiry))
        print(f"a pass that finds everything, keys hashed: {wall:.2f} s, CPU {cpu:.2f} s")
        for size, count in ((1, 500), (64, 6_400), (500, 20_000)):
            wall, _ = _time(lambda size=size, count=count: _record(ledger, count, size))
            print(f"record, {size:>3} per commit: {count / wall:,.0f} answers per second")


def _take_turns(
    ours: Callable[[], object], plain: Callable[[], object], passes: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the median wall and CPU time of each, alternating, so that other load slows both."""
    times = [(_time(ours), _time(plain)) for _ in range(passes)]
    mine, other = zip(*times, strict=True)
    return tuple(map(median, zip(*mine, strict=True))), tuple(map(median, zip(*other, strict=True)))


def _time(action: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def _find_plainly(path: Path, keys: Sequence[str]) -> dict[str, Answer]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            key: json.loads(answer)
            for chunk in _chunks(keys, 500)
            for key, answer in connection.execute(
                f"select key, answer from answers where key in ({','.join('?' * len(chunk))})",  # noqa: S608
                chunk,
            )
        }


def _record(ledger: Ledger, count: int, size: int) -> None:
    """Record attempts with their answers about new images."""
    first = time.perf_counter_ns()
    names = [f"{first + number:064x}" for number in range(count)]
    for chunk in _chunks(names, size):
        ledger.record(
            [
                Attempt(
                    name,
                    "annotation",
                    _ROLE,
                    "local_openai",
                    _MODEL,
                    name,
                    "ok",
                    None,
                    1624,
                    173,
                    0,
                    926_400,
                    1314,
                )
                for name in chunk
            ],
            [(name, _ROLE, _MODEL, name, _ANSWER) for name in chunk],
        )


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


if __name__ == "__main__":
    main()
