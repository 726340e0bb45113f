"""Time of reading a large annotation file, and of listing a large folder.

The file has the size and layout of Affection: 526,749 invented rows over 85,007 images.

- `polars`: `pl.read_csv` of the file and a Parquet file of the frame, as a lower bound.
- `affection`: the adapter's `read` from the listing, then records, annotations and rejects as the
  Parquet files of their tables. Every row is checked, resolved to its image, and kept or rejected.

Then a folder of many empty files is listed once. Peak memory is that of the process so far. Images
are not opened here; `benchmarks/ingest.py` measures that.

    python benchmarks/sources.py                    # 100,000 files in the folder
    python benchmarks/sources.py --files 1000000
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from eemo_pipeline.emotion.taxonomies import AFFECTION_9
from eemo_pipeline.readers.contract import Listing
from eemo_pipeline.readers.listing import list_files
from eemo_pipeline.sources.affection import SOURCE

ROWS, PICTURES, ROUNDS = 526_749, 85_007, 7
TABLE = "language/version_0/affection_raw_public_version_0.csv"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def invent(root: Path) -> Listing:
    """Write the annotation file, and return a listing of images that do not exist."""
    choose = random.Random(7)  # noqa: S311 (invented words, not secrets)
    words = ["".join(choose.choices(LETTERS, k=choose.randint(2, 10))) for _ in range(5000)]
    names = [f"coco_affective/{number:06}.jpg" for number in range(PICTURES)]
    path = root / TABLE
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8") as table:
        table.write("workerid,utterance,emotion,dataset,image_name\n")
        for number in range(ROWS):
            text = " ".join(choose.choices(words, k=12))
            emotion = AFFECTION_9[choose.randrange(9)]
            table.write(f'A{number % 6283},"{text}",{emotion},coco_affective,')
            table.write(f"{number % PICTURES:06}.jpg\n")
    return Listing(root, tuple(sorted([*names, TABLE])))


def read_plainly(listing: Listing, to: Path) -> int:
    """Read the cells to a frame and write it to Parquet; return the number of rows."""
    frame = pl.read_csv(listing.root / TABLE)
    frame.write_parquet(to / "plain.parquet", compression="zstd")
    return frame.height


def read_source(listing: Listing, to: Path) -> int:
    """Run the adapter and write its tables to Parquet; return the rows kept and rejected."""
    tables = SOURCE.read(listing)
    for name in ("records", "annotations", "rejects"):
        getattr(tables, name).write_parquet(to / f"{name}.parquet", compression="zstd")
    return tables.annotations.height + tables.rejects.height


def time_in_turn(*runs: Callable[[], int]) -> list[tuple[float, int]]:
    """Return the shortest round of each run in seconds, and the result of its last round.

    The runs alternate, so that other load on the machine affects all of them alike.
    """
    shortest, counts = [float("inf")] * len(runs), [0] * len(runs)
    for _ in range(ROUNDS):
        for place, run in enumerate(runs):
            began = time.perf_counter()
            counts[place] = run()
            shortest[place] = min(shortest[place], time.perf_counter() - began)
    return list(zip(shortest, counts, strict=True))


def peak_mb() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure, and print one line per measurement."""
    parser = argparse.ArgumentParser(description="Measure the reading of sources.")
    parser.add_argument("--files", type=int, default=100_000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        listing = invent(folder / "affection")
        plain, ours = time_in_turn(
            lambda: read_plainly(listing, folder), lambda: read_source(listing, folder)
        )
        print(f"{'':<12}{'rows':>10}{'seconds':>10}{'ratio':>8}{'peak MB':>10}")
        print(f"{'polars':<12}{plain[1]:>10,}{plain[0]:>10.2f}{1:>8.1f}")
        ratio = ours[0] / plain[0]
        print(f"{'affection':<12}{ours[1]:>10,}{ours[0]:>10.2f}{ratio:>8.1f}{peak_mb():>10.0f}")
        crowd = folder / "crowd"
        for number in range(files):
            place = crowd / f"{number // 1000:04}"
            if number % 1000 == 0:
                place.mkdir(parents=True)
            (place / f"{number}.jpg").touch()
        began = time.perf_counter()
        found = len(list_files(crowd).paths)
        seconds = time.perf_counter() - began
        print(f"{'listing':<12}{found:>10,}{seconds:>10.2f}{'':>8}{peak_mb():>10.0f}")


if __name__ == "__main__":
    main()
