"""Speed of ingesting images, compared with a plain loop.

Compares three implementations on the same JPEG files of 800x600, in turn on one machine:

- the plain loop: `imagehash.phash(Image.open(path))`, one process, the hash alone;
- `measure_file` in the pool: content hash, all attributes, dominant colours, perceptual hash;
- `ingest_each`: listing, measuring, the ledger on disk, and the ingest tables.

The best round of each counts, because other load can only slow a round down. CPU is the processor
time of all processes per 1,000 images; the start of the pool is excluded. No threshold is asserted,
because a timed test is unreliable on a busy machine.

    python benchmarks/ingest.py --pictures 400 --rounds 5
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import imagehash
import numpy as np
from PIL import Image

from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.imaging.opening import measure_file
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.sources.folder import SOURCE
from eemo_pipeline.stages.ingest import ingest_each


def make_pictures(folder: Path, count: int) -> list[Path]:
    """Write `count` different JPEG files of 800x600: soft colours under camera-like noise."""
    folder.mkdir(parents=True)
    paths = []
    for number in range(count):
        random = np.random.default_rng(number)
        coarse = random.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        soft = cv2.resize(coarse, (800, 600), interpolation=cv2.INTER_CUBIC).astype(np.float32)
        noisy = soft + random.normal(0, 10, soft.shape)
        path = folder / f"{number:05}.jpg"
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path, quality=80)
        paths.append(path)
    return paths


def hash_plainly(paths: list[Path]) -> int:
    """Hash all images on one core with a full decode; return their number."""
    return sum(1 for path in paths if imagehash.phash(Image.open(path)) is not None)


def measure_all(paths: list[Path], workers: Workers) -> int:
    """Measure all images completely on all cores; return the number of successes."""
    return sum(
        1
        for _, answer in workers.map(measure_file, paths)
        if isinstance(answer, dict) and answer["status"] == "ok"
    )


def ingest_all(sources: Path, workers: Workers, ledger: Path) -> int:
    """Run the whole stage with an empty ledger; return the number of measured images."""
    with closing(Ledger(ledger)) as store:
        return ingest_each([SOURCE], sources, store, workers)[SOURCE.name].measured


def cpu_seconds() -> float:
    """Return the processor time so far of this process and its live descendants."""
    ticks: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # the process has ended
        ticks[int(entry.parent.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    ours = {os.getpid()}
    while found := {pid for pid, (parent, _) in ticks.items() if parent in ours} - ours:
        ours |= found
    return sum(ticks[pid][1] for pid in ours) / os.sysconf("SC_CLK_TCK")


def race(ways: dict[str, Callable[[], int]], rounds: int, count: int) -> dict[str, list[float]]:
    """Run all implementations in turn; return the best wall and processor seconds of each."""
    best = {name: [float("inf"), float("inf")] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            cpu, wall = cpu_seconds(), time.perf_counter()
            done = work()
            taken = (time.perf_counter() - wall, cpu_seconds() - cpu)
            if done != count:
                raise RuntimeError(f"{name}: {done} of {count} pictures done")
            best[name] = [min(pair) for pair in zip(best[name], taken, strict=True)]
    return best


def main() -> None:
    """Run all three in turn, and print the best times of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    count = options.pictures
    with tempfile.TemporaryDirectory() as name, closing(Workers()) as workers:
        folder = Path(name)
        paths = make_pictures(folder / "sources" / SOURCE.name, count)
        size = sum(path.stat().st_size for path in paths) / count / 1000
        measure_all(paths[: 2 * workers.processes], workers)  # starts the processes
        ledgers = (folder / f"ledger-{number}.sqlite" for number in range(options.rounds))
        best = race(
            {
                "plain loop, the hash alone": lambda: hash_plainly(paths),
                f"measure_file, {workers.processes} processes": lambda: measure_all(paths, workers),
                f"ingest_each, {workers.processes} processes": lambda: ingest_all(
                    folder / "sources", workers, next(ledgers)
                ),
            },
            options.rounds,
            count,
        )
    print(f"{count} JPEG files of 800x600, {size:.0f} kB each; load {os.getloadavg()[0]:.1f}")
    print(f"{'best of ' + str(options.rounds):32}{'pictures/s':>12}{'ratio':>8}{'CPU s/1000':>12}")
    plain = best["plain loop, the hash alone"][0]
    for way, (wall, cpu) in best.items():
        print(f"{way:32}{count / wall:12.0f}{plain / wall:8.2f}{cpu / count * 1000:12.2f}")


if __name__ == "__main__":
    main()
