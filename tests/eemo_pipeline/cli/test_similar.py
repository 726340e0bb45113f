"""`eemo similar` and the macro behind it, on embeddings whose neighbours are known."""

import json
from pathlib import Path

import pytest

from tests.support.commands import call_eemo
from tests.support.lakes import publish_database, write_rows

IDS = [f"{number:x}" * 64 for number in range(1, 6)]
# By angle from the first: the third, the second, the fourth; lengths do not count.
PLACES = [(1.0, 0.0), (1.0, 1.0), (9.0, 1.0), (-1.0, 0.0)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("similar")
    (root / "sources" / "folder").mkdir(parents=True)
    write_rows(
        root,
        "dedup__images",
        [
            {"image_id": image_id, "source": "folder", "path": f"{image_id[0]}.jpg"}
            for image_id in IDS
        ],
    )
    write_rows(root, "ingest__images", [{"image_id": image_id} for image_id in IDS])
    write_rows(
        root,
        "training__runs",
        [{"run_id": "trial", "recipe": "des_head.tiny"}, {"run_id": "full", "recipe": "des_head"}],
    )
    write_rows(
        root,
        "training__embeddings",
        [
            {"run_id": run_id, "image_id": image_id, "embedding": place[:: 1 if turned else -1]}
            for run_id, turned in (("full", True), ("trial", False))
            for image_id, place in zip(IDS, PLACES, strict=False)
        ],
    )
    publish_database(root)
    return root


def test_neighbours_are_those_of_the_smallest_angle(lake: Path) -> None:
    answer = call_eemo("similar", IDS[0][:8], "--data", lake, "--json")
    assert answer.returncode == 0, answer.stderr
    rows = json.loads(answer.stdout)
    assert [row["image_id"] for row in rows] == [IDS[2], IDS[1], IDS[3]]
    assert [row["similarity"] for row in rows] == pytest.approx([0.993884, 0.707107, -1.0])
    assert {row["run_id"] for row in rows} == {"full"}  # a trial only where there is nothing else
    assert rows[0]["path"] == "3.jpg"


def test_as_many_are_shown_as_are_asked_for_and_another_run_can_be_named(lake: Path) -> None:
    answer = call_eemo("similar", IDS[0], "--data", lake, "--count", "1")
    assert len(answer.stdout.splitlines()) == 2
    query = f"from similar_images('{IDS[0]}', of_run := 'trial', how_many := 2)"
    rows = json.loads(call_eemo("sql", query, "--data", lake, "--json").stdout)
    assert [row["run_id"] for row in rows] == ["trial", "trial"]


def test_an_image_without_an_embedding_is_told_how_to_get_one(lake: Path) -> None:
    answer = call_eemo("similar", IDS[4], "--data", lake)
    assert answer.returncode == 1
    assert "the image has no embedding" in answer.stderr
    assert "train --recipe des_head" in answer.stderr
