"""How fast pictures are measured, beside a plain loop of Pillow and imagehash.

Belongs here: the comparison, in one run on one machine. Does not belong here: a threshold; a
timed test fails on a busy machine and proves nothing.

    python benchmarks/ingest.py --pictures 600
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import imagehash
import numpy as np
from PIL import Image

from eemo_pipeline.images import measure_file
from eemo_pipeline.workers import Workers

_REPEATS = 3


def make_pictures(folder: Path, count: int) -> list[Path]:
    """Write `count` different JPEG files of 800x600: soft colours under camera-like noise."""
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
    """The loop that everybody writes first: one core, full decode, the hash alone."""
    return sum(1 for path in paths if imagehash.phash(Image.open(path)) is not None)


def measure_all(paths: list[Path], workers: Workers) -> int:
    """What ingest does: content hash, all attributes and perceptual hash, on all cores."""
    return sum(
        1
        for _, answer in workers.map(measure_file, paths)
        if isinstance(answer, dict) and answer["status"] == "ok"
    )


def seconds(work: Callable[[], int], expected: int) -> float:
    """Wall time of one run, which must have done all pictures."""
    started = time.perf_counter()
    done = work()
    taken = time.perf_counter() - started
    if done != expected:
        raise RuntimeError(f"{done} of {expected} pictures done")
    return taken


def main() -> None:
    """Run both by turns and print the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=600)
    count = parser.parse_args().pictures
    workers = Workers()
    with tempfile.TemporaryDirectory() as folder:
        paths = make_pictures(Path(folder), count)
        size = sum(path.stat().st_size for path in paths) / count / 1000
        print(f"{count} JPEG files of 800x600, {size:.0f} kB each; load {os.getloadavg()[0]:.1f}")
        measure_all(paths[: 2 * workers.processes], workers)  # starts the processes
        plain, ours = [], []
        for _ in range(_REPEATS):
            plain.append(seconds(lambda: hash_plainly(paths), count))
            ours.append(seconds(lambda: measure_all(paths, workers), count))
    workers.close()
    print(f"plain loop, hash alone        {count / min(plain):8.0f} pictures/s")
    print(f"measure_file, {workers.processes} processes     {count / min(ours):8.0f} pictures/s")
    print(f"ratio                         {min(plain) / min(ours):8.2f}")


if __name__ == "__main__":
    main()
