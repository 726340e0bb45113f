"""Time of choosing the Assess subset from labels of EEmoDB's size, and how it scales.

`full_size.py` generates the labels. The time in which polars writes the chosen items as Parquet is
printed for comparison. No time is asserted.

    python benchmarks/assess.py           # 12,500 and 125,000 images
    python benchmarks/assess.py --full    # and 1,250,000
"""

import argparse
import time
from io import BytesIO

from benchmarks.full_size import make_labels, make_lake
from eemo_pipeline.stages.assess import Choices, build_assess


def measure(pictures: int) -> str:
    """Choose the subset of that many images, and return a line of the report."""
    lake = make_lake(pictures)
    labels = make_labels(lake)
    began = time.perf_counter()
    assessed = build_assess(
        lake["dedup__images"],
        lake["ingest__annotations"],
        labels["labels__emotions"],
        labels["labels__vad"],
        labels["labels__rankings"],
        Choices(),
    )
    chosen = time.perf_counter() - began
    began = time.perf_counter()
    assessed.items.write_parquet(BytesIO(), compression="zstd")
    written = time.perf_counter() - began
    return (
        f"{pictures:>10,}  {assessed.items.height:>9,}  {chosen:>8.2f} s  {written:>8.2f} s  "
        f"{chosen / pictures * 1e6:>6.1f} us"
    )


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    sizes = (12_500, 125_000, 1_250_000) if parser.parse_args().full else (12_500, 125_000)
    print("  pictures      items   selected     written  per picture")
    for pictures in sizes:
        print(measure(pictures), flush=True)


if __name__ == "__main__":
    main()
