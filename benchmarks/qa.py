"""Time of building and checking EEmoDB-QA, compared with polars writing the finished frame.

A synthetic lake of EEmoDB's size (`full_size.py`) goes through the stages labels and texts once.
Then each of these runs in its own process, so that its peak memory can be measured:

- write: `polars.DataFrame.write_parquet` of the finished items, already in memory;
- build: from the label tables on disk to `qa__items` and its coverage tables;
- check: every file of `sql/checks/qa__items/`, over all rows; none may find a bad row.

They run in turn for several rounds. The median time of each is printed, and its multiple of the
write. `--curve` repeats this for a tenth, one and ten times the size. The output also shows whether
the same seed gives the same bytes, and how many items another seed keeps. No time is asserted.

    python benchmarks/qa.py
    python benchmarks/qa.py --curve --data /tmp/qa
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

_ROUNDS = 3
_TOOLS = ("write", "build", "check")
_SHOWN = ("seconds", "cpu", "rss_mb", "sha256")


def prepare(tables: Path, pictures: int) -> None:
    """Write the tables from which questions are built."""
    from benchmarks.full_size import make_lake
    from eemo_pipeline.stages.labels.emotions import build_emotions
    from eemo_pipeline.stages.labels.lexicon import LexiconRules
    from eemo_pipeline.stages.labels.rankings import build_rankings
    from eemo_pipeline.stages.labels.vad import build_vad
    from eemo_pipeline.stages.texts.descriptions import write_descriptions
    from eemo_pipeline.stages.texts.emotion_texts import write_emotion_texts
    from eemo_pipeline.stages.texts.template_writer import REALISER

    lake = make_lake(pictures)
    images, annotations = lake["dedup__images"], lake["ingest__annotations"]
    emotions = build_emotions(images, annotations)
    vad = build_vad(images, annotations, lake["ingest__words"], LexiconRules())
    rankings = build_rankings(images, emotions, annotations)
    descriptions = write_descriptions(images, REALISER).frame
    written = write_emotion_texts(
        images, emotions, rankings, vad, annotations, descriptions, REALISER
    )
    made = {
        "dedup__images": images,
        "labels__emotions": emotions,
        "labels__vad": vad,
        "labels__rankings": rankings,
        "texts__descriptions": descriptions,
        **{name: table.frame for name, table in written.items()},
    }
    _write(tables, {**made, "ingest__records": lake["ingest__records"]})


def _write(tables: Path, frames: dict[str, pl.DataFrame]) -> None:
    from eemo_pipeline.lake.parquet import table_path, write_table
    from eemo_pipeline.schema.tables import TABLES

    for name, frame in frames.items():
        table = TABLES[name]
        if table.is_partitioned:
            for (source,), part in frame.partition_by("source", as_dict=True).items():
                write_table(part, table, table_path(tables, table, str(source)))
        else:
            write_table(frame, table, table_path(tables, table))


def write(tables: Path, _most: int, _seed: str) -> dict[str, object]:
    """Write the finished frame by polars."""
    items = pl.read_parquet(tables / "qa__items.parquet")
    start, cpu = time.perf_counter(), _cpu_seconds()
    items.write_parquet(tables / "write.tmp", compression="zstd", statistics=True)
    seconds, cpu = time.perf_counter() - start, _cpu_seconds() - cpu
    (tables / "write.tmp").unlink()
    return {"seconds": seconds, "cpu": cpu, "rows": items.height}


def build(tables: Path, most: int, seed: str) -> dict[str, object]:
    """Run the stage qa, from tables to tables."""
    from eemo_pipeline.lake.parquet import scan_table, table_path, write_batches, write_table
    from eemo_pipeline.schema.tables import TABLES
    from eemo_pipeline.stages.qa.build import (
        Tally,
        build_coverage,
        build_items,
        build_refusals,
        build_templates,
    )
    from eemo_pipeline.stages.qa.facts import SOURCES, build_facts

    def path(name: str) -> Path:
        return table_path(tables, TABLES[name])

    start = time.perf_counter()
    facts = build_facts({name: scan_table(tables, name) for name in SOURCES})
    tally = Tally(facts)
    items = write_batches(
        build_items(facts, seed, most, tally), TABLES["qa__items"], path("qa__items")
    )
    items_seconds = time.perf_counter() - start
    write_table(build_coverage(tally), TABLES["_qa__coverage"], path("_qa__coverage"))
    write_batches(build_refusals(tally), TABLES["_qa__refusals"], path("_qa__refusals"))
    write_table(build_templates(tally), TABLES["_qa__templates"], path("_qa__templates"))
    return {
        "seconds": items_seconds,
        "with coverage": round(time.perf_counter() - start, 2),
        "rows": items.rows,
        "sha256": items.sha256,
    }


def check(tables: Path, _most: int, _seed: str) -> dict[str, object]:
    """Run every check of `qa__items`; return the number of bad rows and the slowest three."""
    from eemo_pipeline.lake.sql_checks import list_checks, read_check, run_check
    from eemo_pipeline.lake.warehouse import open_tables

    names = list_checks("qa__items")
    start = time.perf_counter()
    bad, took = 0, {}
    with open_tables(tables, [read_check("qa__items", name).sql for name in names]) as connection:
        for name in names:
            begun = time.perf_counter()
            bad += run_check(connection, "qa__items", name).bad_rows
            took[name] = round(time.perf_counter() - begun, 2)
    slowest = dict(sorted(took.items(), key=lambda item: -item[1])[:3])
    return {"seconds": time.perf_counter() - start, "disagreements": bad, "slowest": slowest}


def _measure(tool: str, tables: Path, most: int, seed: str = "eemodb") -> dict[str, object]:
    """Run one tool in its own process."""
    command = [sys.executable, __file__, "--tool", tool, "--data", str(tables)]
    command += ["--most", str(most), "--seed", seed]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def _fitting_limit(tables: Path, wanted: int) -> int:
    """Return the limit of items per template that gives about as many items as wanted."""
    counts = pl.read_parquet(tables / "_qa__templates.parquet")["item_count"].to_list()
    return next(
        (
            most
            for most in range(1_000, 2_000_000, 500)
            if sum(min(c, most) for c in counts) >= wanted
        ),
        2_000_000,
    )


def compare(tables: Path, pictures: int) -> None:
    """Run the three tools at one size, and print their times and the counts."""
    prepare(tables, pictures)
    wanted = round(1_200_000 * pictures / 125_000)
    _measure("build", tables, 10_000_000)
    most = _fitting_limit(tables, wanted)
    first = _measure("build", tables, most)
    rounds = [{tool: _measure(tool, tables, most) for tool in _TOOLS} for _ in range(_ROUNDS)]
    print(f"\n{pictures:,} pictures, at most {most:,} items per template")
    for tool in _TOOLS:
        seconds, cpu, rss = (
            [float(str(one[tool][name])) for one in rounds] for name in ("seconds", "cpu", "rss_mb")
        )
        # Ratios are taken within a round, because the speed of a shared machine varies.
        times = [
            taken / float(str(one["write"]["seconds"]))
            for taken, one in zip(seconds, rounds, strict=True)
        ]
        told = {k: v for k, v in rounds[-1][tool].items() if k not in _SHOWN}
        print(
            f"  {tool:6}{statistics.median(seconds):8.2f} s  x{statistics.median(times):5.1f} "
            f"{statistics.median(cpu):8.2f} CPU s {max(rss):7,.0f} MB  {told}"
        )
    _describe(tables)
    same = all(one["build"]["sha256"] == first["sha256"] for one in rounds)
    ids = pl.read_parquet(tables / "qa__items.parquet", columns=["item_id"])
    _measure("build", tables, most, "another seed")
    others = pl.read_parquet(tables / "qa__items.parquet", columns=["item_id"])
    kept = ids.join(others, on="item_id", how="semi").height
    print(f"  the same seed gives the same bytes: {same}; another keeps {kept / ids.height:.0%}")


def _cpu_seconds() -> float:
    """Return the CPU time of this process, which other load affects less than wall time."""
    return sum(os.times()[:2])


def _peak_rss_mb() -> int:
    """Return the peak memory of this process; ru_maxrss would include the parent's before exec."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def _describe(tables: Path) -> None:
    items = pl.scan_parquet(tables / "qa__items.parquet")
    pairs = items.filter(pl.col("image_ids").list.len() == 2).select(
        pl.col("image_ids").list.sort().list.join(" ").n_unique()
    )
    shown = items.select("image_ids").explode("image_ids").group_by("image_ids").len()
    uses = shown.select(
        pl.len(), pl.col("len").mean().alias("mean"), pl.col("len").max().alias("m")
    )
    count, mean, most = uses.collect().row(0)
    kinds = items.group_by("category", "question_type").len().sort("len", descending=True).collect()
    print(
        f"  {pairs.collect().item():,} pairs, {count:,} pictures in {mean:.1f} items, most {most}"
    )
    print("  " + ", ".join(f"{kind} {form} {rows:,}" for kind, form, rows in kinds.iter_rows()))
    closed = items.filter(pl.col("options").list.len() > 0)
    letters = closed.group_by(pl.col("options").list.len().alias("options"), "answer_letter").len()
    for (options,), part in (
        letters.collect().sort("answer_letter").partition_by("options", as_dict=True).items()
    ):
        shares = ", ".join(f"{a} {n / part['len'].sum():.2%}" for _, a, n in part.iter_rows())
        print(f"  of {options} options right: {shares}")
    yes = items.filter(pl.col("question_type") == "yes_no").select(
        (pl.col("answer") == "Yes").mean()
    )
    print(f"  yes: {yes.collect().item():.2%}")


def main() -> None:
    """Compare at one size or at three; with `--tool`, run that tool alone."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=125_000)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tool", choices=_TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--most", type=int, default=30_000, help=argparse.SUPPRESS)
    parser.add_argument("--seed", default="eemodb", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.tool:
        tool = {"write": write, "build": build, "check": check}[arguments.tool]
        result = tool(arguments.data, arguments.most, arguments.seed)
        print(json.dumps({"cpu": _cpu_seconds(), **result, "rss_mb": _peak_rss_mb()}))
        return
    sizes = [12_500, 125_000, 1_250_000] if arguments.curve else [arguments.pictures]
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=arguments.data) as folder:
            compare(Path(folder), size)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main()
