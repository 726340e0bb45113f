"""The report of many images: seconds and peak memory, with generated tables.

    python benchmarks/report.py [IMAGES]

Prints one line. No image exists, so thumbnails are not part of it: the gallery has at most 48 of
each emotion, however many there are.
"""

import hashlib
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8
from eemo_pipeline.execution.process_pool import Workers
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.stages.reports.build import build_report


def write(root: DataRoot, name: str, **columns: object) -> None:
    """Write a table; columns that are not given are null."""
    table = TABLES[name]
    frame = pl.DataFrame(columns)
    full = frame.select(
        pl.col(column).cast(dtype) if column in frame.columns else pl.lit(None, dtype).alias(column)
        for column, dtype in table.polars_schema.items()
    )
    write_table(full, table, table_path(root.tables, table))


def fill(root: DataRoot, images: int) -> None:
    """Write what a run over `images` images would leave in the tables that the report reads."""
    draws = np.random.default_rng(7)
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(images)]
    emotions = draws.choice(MIKELS_8, images).tolist()
    unit = draws.random((images, 8)).round(4)
    split = draws.choice(["train", "validation", "test"], images).tolist()
    same = ["mine"] * images
    write(
        root,
        "dedup__images",
        **{"image_id": ids, "cluster_id": ids, "source": same, "sources": [["mine"]] * images},
        **{"path": ids, "split": split, "width_px": [640] * images, "height_px": [480] * images},
        **{"brightness": unit[:, 0], "colourfulness": unit[:, 1], "saturation": unit[:, 2]},
        **{"contrast": unit[:, 3], "occurrence_count": [1] * images},
    )
    write(
        root,
        "labels__emotions",
        **{
            "image_id": ids * 2,
            "taxonomy": ["mikels8"] * 2 * images,
            "emotion": [*emotions, *emotions[::-1]],
        },
        **{"mass": [0.7] * images + [0.3] * images, "lost_mass": [0.0] * 2 * images},
        **{"rater_count": [5] * 2 * images},
    )
    write(
        root,
        "labels__vad",
        **{"image_id": ids, "origin": ["rated:mine"] * images, "source": same},
        **{"valence": unit[:, 4], "arousal": unit[:, 5], "valence_sd": unit[:, 6] / 4},
        **{"arousal_sd": unit[:, 7] / 4, "is_best": [True] * images},
    )
    ekman = draws.choice(EKMAN_7, images).tolist()
    write(
        root,
        "labels__rankings",
        **{"image_id": ids, "status": ["ok"] * images, "dominant_emotion": ekman},
    )
    write_machine(root, ids, emotions, unit)


def write_machine(root: DataRoot, ids: list[str], emotions: list[str], unit: np.ndarray) -> None:
    """Write what annotators, verifier, grounder, critic and writers say."""
    images = len(ids)
    text = [f"a picture of thing {number % 997} in place {number % 89}" for number in range(images)]
    write(
        root,
        "records__emoverse",
        **{"image_id": ids, "emotion": emotions, "machine_emotion": emotions[::-1]},
        **{"state": ["preserved"] * images, "attribute": [t[-8:] for t in text], "subject": text},
        **{
            "background": text,
            "description": text,
            "decided_by_people": pl.Series([[]] * images, dtype=pl.List(pl.String)),
        },
        **{"region_count": [1] * images},
    )
    write(
        root,
        "records__class_stops",
        **{"emotion": list(MIKELS_8), "target_count": [20_000] * 8},
    )
    many = 2 * images
    write(
        root,
        "annotation__replies",
        **{"image_id": ids * 2, "annotator": ["one"] * images + ["two"] * images},
        **{"round": [1] * many, "status": ["ok"] * many, "emotion": emotions * 2},
        **{"style": ["photograph"] * many, "valence": [1.0] * many, "arousal": [0.5] * many},
    )
    write(
        root,
        "verification__replies",
        **{"image_id": ids, "verifier": ["probe"] * images, "status": ["ok"] * images},
        **{"emotion": emotions, "probability": unit[:, 0]},
    )
    box = {"x1_px": [10.0] * images, "y1_px": [10.0] * images}
    box |= {"x2_px": 20 + 600 * unit[:, 1], "y2_px": 20 + 440 * unit[:, 2]}
    write(
        root,
        "grounding__regions",
        **{"image_id": ids, "region_no": [1] * images, "status": ["ok"] * images, **box},
        **{"score": unit[:, 3], "mask_share": unit[:, 4] / 9},
    )
    fields = ("emotion", "attribute", "subject", "background", "description", "box")
    write(
        root,
        "critic__verdicts",
        **{"image_id": ids * 6, "round": [1] * 6 * images},
        **{"field": [field for field in fields for _ in ids], "verdict": ["valid"] * 6 * images},
        **{"codes": [["ATTR_POLARITY"] if n % 9 == 0 else [] for n in range(6 * images)]},
    )
    for name in ("texts__descriptions", "texts__reasonings"):
        write(
            root,
            name,
            **{
                "image_id": ids,
                "status": ["ok"] * images,
                "text": text,
                "word_count": [9] * images,
            },
        )


def main() -> None:
    """Build the report once and print what it took."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        root = DataRoot(Path(folder))
        fill(root, images)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        workers = Workers(2)
        start = time.perf_counter()
        built = build_report(root, workers)
        seconds = time.perf_counter() - start
        workers.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = built.path.stat().st_size
    print(
        f"{images:,} images: {seconds:.1f} s, peak {peak / 1000:,.0f} MB (tables written: "
        f"{before / 1000:,.0f} MB), page {size / 1000:,.0f} kB, {len(built.filled)} sections"
    )


if __name__ == "__main__":
    main()
