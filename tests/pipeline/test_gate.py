"""Three records edited by hand: what depends on them is rebuilt, and the edits outlive new runs."""

import json
from pathlib import Path

import polars as pl

from eemo_pipeline.lake.parquet import scan_table
from tests.support.commands import call_eemo
from tests.support.hashing import hash_files
from tests.support.lakes import copy_lake

TABLE = "records__emoverse"
OTHER = {"awe": "contentment"}
WHOLE = "emotion is not null and joined_triplet is not null"


def read(root: Path, name: str) -> pl.DataFrame:
    return scan_table(root / "tables", name).collect()


def run(root: Path, selection: str) -> set[str]:
    """Run the selection; return the files of tables and exports that changed."""
    before = hash_files(root)
    answer = call_eemo("run", "--select", selection, "--data", root, "--json")
    assert answer.returncode == 0, answer.stderr
    after = hash_files(root)
    return {name for name in after if after[name] != before.get(name)}


def test_edited_records_go_through_the_graph(small_lake: Path, tmp_path: Path) -> None:
    root = copy_lake(small_lake, tmp_path / "root")
    file = tmp_path / "records.jsonl"
    told = call_eemo(
        *("gate", "export", TABLE, "--to", file, "--data", root),
        *("--where", f"{WHOLE} and state in ('preserved', 'human')"),
    )
    assert told.returncode == 0, told.stderr
    rows = [json.loads(line) for line in file.read_text().splitlines()][:3]
    for row in rows:
        row["emotion"] = OTHER.get(row["emotion"], "awe")
    rows[0]["subject"] = "a kite over the sea"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    untouched = read(root, TABLE)
    taken = call_eemo("gate", "import", TABLE, file, "--by", "ann", "--data", root)
    assert taken.returncode == 0, taken.stderr
    assert read(root, TABLE).equals(untouched)  # the import itself changes no table

    changed = run(root, f'key:"{TABLE}"+')
    wanted = {row["image_id"]: row["emotion"] for row in rows}
    emotions = dict(read(root, TABLE).select("image_id", "emotion").rows())
    assert {name: emotions[name] for name in wanted} == wanted
    others = ~pl.col("image_id").is_in(list(wanted))
    assert read(root, TABLE).filter(others).equals(untouched.filter(others))
    edits = read(root, "gate__edits")
    assert set(edits.select("edited_column", "edited_by", "edit_state").rows()) == {
        ("emotion", "ann", "holds"),
        ("subject", "ann", "holds"),
    }
    assert edits.height == len(rows) + 1 == 4
    # What follows from an edited word in the table itself, and in the links to regions.
    (edited,) = read(root, TABLE).filter(image_id=rows[0]["image_id"]).to_dicts()
    assert edited["joined_triplet"].endswith(f"-{edited['attribute']}-a kite over the sea")
    links = read(root, "records__links").filter(image_id=rows[0]["image_id"], field="subject")
    assert set(links["linked_text"]) <= {"a kite over the sea"}
    rebuilt = {name for name in changed if name.startswith("tables/")}
    assert {f"tables/{TABLE}.parquet", "tables/gate__edits.parquet"} < rebuilt
    # What is made before the records, and what is made from images alone, stays as it was.
    upstream = ("ingest", "_ingest", "dedup", "annotation", "labels", "verification", "critic")
    assert not [name for name in rebuilt if name.split("/")[1].split("__")[0] in upstream]
    assert not [name for name in rebuilt if name.split("/")[1].startswith(("qa", "assess"))]

    assert run(root, "*") <= {"tables/costs__calls.parquet"}  # the edits outlive a whole run
