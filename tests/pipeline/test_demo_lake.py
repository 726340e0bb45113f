"""The demo lake after one `eemo demo`: planted cases are found, published tables are consistent."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl
import pytest

from eemo_pipeline.demo import find_planted
from eemo_pipeline.demo.lake import Planted
from eemo_pipeline.lake.parquet import file_sha256, scan_table
from eemo_pipeline.orchestration.status import read_status
from eemo_pipeline.schema.columns import SPLITS
from eemo_pipeline.schema.tables import TABLES
from resources.instance.dagster_home import open_instance


@pytest.fixture(scope="module")
def planted() -> Planted:
    return find_planted()


def load(lake: Path, name: str) -> pl.DataFrame:
    return scan_table(lake / "tables", name).collect()


@pytest.fixture(scope="module")
def images(demo_lake: Path) -> dict[str, str]:
    """Return path below sources/ -> image_id of every record."""
    place = pl.concat_str("source", "path", separator="/")
    return dict(load(demo_lake, "ingest__records").select(place, "image_id").rows())


@pytest.fixture(scope="module")
def clusters(demo_lake: Path) -> dict[str, str]:
    return dict(load(demo_lake, "dedup__clusters").select("image_id", "cluster_id").rows())


@pytest.fixture(scope="module")
def answer(demo_lake: Path) -> dict[str, Any]:
    return json.loads((demo_lake / "answer.json").read_text())


def test_every_table_passes_its_checks(demo_lake: Path, answer: dict[str, Any]) -> None:
    assert answer["failed_checks"] == []
    statuses = {status.table: status for status in read_status(demo_lake)}
    assert set(statuses) == set(TABLES)
    for status in statuses.values():
        assert status.checks_failed == 0
        assert status.checks_passed >= 1


def test_every_image_path_opens_beside_the_database(demo_lake: Path) -> None:
    with duckdb.connect(str(demo_lake / "eemo.duckdb"), read_only=True) as connection:
        paths = connection.execute("select image_path from images").fetchall()
    assert len(paths) > 200
    assert [path for (path,) in paths if not (demo_lake / path).is_file()] == []


def test_the_run_is_where_the_pages_look_for_it(demo_lake: Path, answer: dict[str, Any]) -> None:
    with open_instance(demo_lake) as instance:
        label = {".dagster/repository": "__repository__@eemo_pipeline"}
        [run] = instance.get_runs(dg.RunsFilter(job_name="build_dataset", tags=label))
        assert run.run_id == answer["run_id"]
        assert run.remote_job_origin
        assert run.remote_job_origin.location_name == "eemo_pipeline"  # of workspace.yaml
        assert run.remote_job_origin.repository_origin.repository_name == "__repository__"


def test_a_run_says_what_it_does_and_no_more(demo_lake: Path, answer: dict[str, Any]) -> None:
    with open_instance(demo_lake) as instance:
        logs = instance.all_logs(answer["run_id"])
        seen = instance.fetch_observations(dg.AssetKey("external__emotic"), limit=5).records
        absent = instance.fetch_observations(dg.AssetKey("external__gaped"), limit=5).records
    said = [entry for entry in logs if not entry.is_dagster_event]
    assert {entry.level for entry in said} <= {logging.INFO, logging.WARNING}
    texts = [entry.user_message for entry in said]
    assert {text.partition(":")[0] for text in texts} >= {*TABLES, "eemo.duckdb"}
    rows = answer["tables"]["ingest__images"]
    assert f"ingest__images: {rows} rows, rows in: 302, file changed" in texts
    assert any(re.fullmatch(r"measuring images: \d+ in [\d.]+ s", text) for text in texts)
    [observed] = seen
    assert observed.asset_observation
    found = observed.asset_observation.metadata["found_files"]
    assert isinstance(found, dg.IntMetadataValue)
    assert (found.value or 0) > 50
    assert not absent


def test_warnings_stand_where_they_are_deserved(answer: dict[str, Any]) -> None:
    warned = {(line["asset"], line["check"]) for line in answer["warned_checks"]}
    # All known datasets except those of the demo are absent, and two hundred labelled images are
    # too few for the rarest emotions.
    assert ("sources__datasets", "sources_are_complete") in warned
    assert ("labels__emotions", "few_labels") in warned
    assert all(line["description"] for line in answer["warned_checks"])


def test_the_refused_files_are_the_planted_ones(demo_lake: Path, planted: Planted) -> None:
    rejects = load(demo_lake, "ingest__rejects").with_columns(
        pl.concat_str("source", "path", separator="/")
    )
    files = rejects.filter(pl.col("row").is_null()).select("source", "reason")
    expected = planted.broken | dict.fromkeys(planted.unreferenced, "unreferenced")
    assert dict(files.rows()) == expected
    assert files.height == len(expected)


def test_the_refused_rows_are_the_planted_ones_and_those_of_broken_pictures(
    demo_lake: Path, planted: Planted
) -> None:
    rejects = load(demo_lake, "ingest__rejects").with_columns(
        pl.concat_str("source", "path", separator="/")
    )
    rows = rejects.filter(pl.col("row").is_not_null())
    refused = {
        (path, row): reason for path, row, reason in rows.select("source", "row", "reason").rows()
    }
    assert len(refused) == rows.height
    orphans = {place for place, reason in refused.items() if reason == "picture_refused"}
    assert {place: refused[place] for place in refused if place not in orphans} == planted.bad_rows
    listed = [path for path in planted.broken if path not in planted.unreferenced]
    assert len(orphans) >= len(listed) == len(planted.broken)


def test_every_row_of_the_annotation_files_is_an_annotation_or_a_reject(
    demo_lake: Path, planted: Planted
) -> None:
    place = pl.concat_str("source", "table_path", separator="/").alias("path")
    used = load(demo_lake, "ingest__annotations").select(place, "row").drop_nulls().unique()
    place = pl.concat_str("source", "path", separator="/").alias("path")
    refused = load(demo_lake, "ingest__rejects").drop_nulls("row").select(place, "row").unique()
    assert used.join(refused, on=["path", "row"], how="semi").is_empty()
    counted = pl.concat([used, refused]).group_by("path").len()
    assert dict(counted.rows()) == planted.row_counts


def test_exact_copies_share_one_image(
    demo_lake: Path, images: dict[str, str], planted: Planted
) -> None:
    occurrences = dict(
        load(demo_lake, "ingest__images").select("image_id", "occurrence_count").rows()
    )
    for first, second in planted.exact_copies:
        assert images[first] == images[second]
    expected: dict[str, int] = {}
    for image_id in images.values():
        expected[image_id] = expected.get(image_id, 0) + 1
    assert occurrences == expected
    assert sum(count > 1 for count in expected.values()) == len(planted.exact_copies)


def test_near_duplicates_are_found_and_little_else(
    images: dict[str, str], clusters: dict[str, str], planted: Planted
) -> None:
    pairs = [(images[first], images[second]) for first, second in planted.near_duplicates]
    found = [clusters[first] == clusters[second] for first, second in pairs]
    assert sum(found) / len(found) >= 0.99
    ids = {
        cluster: [i for i, c in clusters.items() if c == cluster] for cluster in clusters.values()
    }
    together = {
        frozenset((a, b)) for members in ids.values() for a in members for b in members if a < b
    }
    wanted = {frozenset(pair) for pair in pairs}
    assert len(together & wanted) / len(together) >= 0.95


def test_blank_pictures_are_not_one_bucket(
    demo_lake: Path,
    images: dict[str, str],
    clusters: dict[str, str],
    planted: Planted,
) -> None:
    blank = set(load(demo_lake, "ingest__images").filter("is_blank")["image_id"])
    assert blank == {images[path] for path in planted.blanks}
    assert len({clusters[image_id] for image_id in blank}) == len(blank) >= 12


def test_a_cluster_has_one_split_in_every_table(demo_lake: Path, clusters: dict[str, str]) -> None:
    kept = load(demo_lake, "dedup__images")
    splits = kept.group_by("cluster_id").agg(pl.col("split").n_unique())
    assert splits["split"].max() == 1
    assert set(kept["split"]) == set(SPLITS)
    of_cluster = dict(kept.select("cluster_id", "split").rows())
    asked = load(demo_lake, "qa__items").select("split", "image_ids").explode("image_ids")
    for items in (asked, load(demo_lake, "assess__items").select("split", "image_id")):
        assert items.height
        wrong = [(s, i) for s, i in items.rows() if of_cluster[clusters[i]] != s]
        assert wrong == []


def test_conservation_holds_in_the_published_view(demo_lake: Path) -> None:
    with duckdb.connect(str(demo_lake / "eemo.duckdb"), read_only=True) as connection:
        rows = connection.execute("select stage, unit, rows_in, difference from conservation")
        balances = rows.fetchall()
    assert len(balances) >= 5
    assert all(difference == 0 for *_, difference in balances)
    assert all(rows_in > 0 for _, _, rows_in, _ in balances)


def test_every_example_query_answers(demo_lake: Path) -> None:
    with duckdb.connect(str(demo_lake / "eemo.duckdb"), read_only=True) as connection:
        examples = connection.execute("select title, sql from meta.examples").fetchall()
        assert len(examples) >= 10
        silent = [title for title, sql in examples if not connection.execute(sql).fetchall()]
    # Nobody has judged the images of the demo, and nothing is released.
    assert silent == [
        "Who judged images in the review tool, and with how much care?",
        "What was released, how much of it, and under which licence?",
        "On which licences of the sources does each release depend, by rows?",
    ]


def test_every_published_file_is_as_listed_and_none_besides(demo_lake: Path) -> None:
    listed = {row["path"]: row for row in load(demo_lake, "exports__files").to_dicts()}
    found = [path for path in (demo_lake / "exports").rglob("*") if path.is_file()]
    assert {path.relative_to(demo_lake).as_posix() for path in found} == set(listed)
    for path, row in listed.items():
        assert file_sha256(demo_lake / path) == row["sha256"]
        assert (demo_lake / path).stat().st_size == row["size_bytes"]
        if path.endswith(".parquet"):
            assert (
                pl.scan_parquet(demo_lake / path).select(pl.len()).collect().item()
                == row["row_count"]
            )
        elif path.endswith(".jsonl"):
            assert (demo_lake / path).read_bytes().count(b"\n") == row["row_count"]


def test_llava_conversations_show_each_picture_once(demo_lake: Path) -> None:
    items = {row["item_id"]: row for row in load(demo_lake, "qa__items").to_dicts()}
    paths = dict(
        load(demo_lake, "dedup__images")
        .select("image_id", pl.concat_str(pl.lit("sources"), "source", "path", separator="/"))
        .rows()
    )
    seen = set()
    for file in sorted((demo_lake / "exports" / "llava").glob("qa_*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            told = json.loads(line)
            seen.add(told["id"])
            item = items[told["id"]]
            assert file.stem == f"qa_{item['split']}"
            pictures = told["image"] if isinstance(told["image"], list) else [told["image"]]
            assert pictures == [paths[image_id] for image_id in item["image_ids"]]
            assert all((demo_lake / picture).is_file() for picture in pictures)
            human, gpt = told["conversations"]
            assert human["value"].count("<image>") == len(pictures)
            assert "<image>" not in gpt["value"]
            assert item["answer"] in gpt["value"]
    assert seen == set(items)


def test_the_trained_model_is_scored_on_pictures_it_never_saw(demo_lake: Path) -> None:
    (run,) = load(demo_lake, "training__runs").to_dicts()
    assert run["status"] == "ok"
    assert file_sha256(demo_lake / run["path"]) == run["sha256"]
    folder = (demo_lake / run["path"]).parent
    train, test = (pl.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    assert train.height == run["train_count"]
    assert test.height == run["test_count"] > 0
    clusters = dict(load(demo_lake, "dedup__images").select("image_id", "cluster_id").rows())
    assert not {clusters[i] for i in train["image_id"]} & {clusters[i] for i in test["image_id"]}
