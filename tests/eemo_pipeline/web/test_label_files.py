"""Labels from elsewhere: what is written is read again, and what cannot be taken has a reason."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemo_pipeline.discovery import discover
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.web import label_files
from eemo_pipeline.web.database import ReviewDatabase
from eemo_pipeline.web.event_log import verify
from eemo_pipeline.web.label_files import Judgement, Label, LabelFormat, Refusal
from eemo_pipeline.web.label_import import Taken, import_labels
from eemo_pipeline.web.replay import replay
from eemo_pipeline.web.votes import read_votes
from tests.support.reviews import make_review_root, one_vote

FORMATS = discover(label_files, "FORMAT", LabelFormat)
WIDTH, HEIGHT = 640, 480

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda text: text == text.strip() != ""
)
corners = st.tuples(
    st.integers(0, WIDTH - 2), st.integers(0, HEIGHT - 2), st.integers(1, 90), st.integers(1, 90)
)
boxes = corners.map(
    lambda box: {
        "x1_px": box[0],
        "y1_px": box[1],
        "x2_px": min(box[0] + box[2], WIDTH),
        "y2_px": min(box[1] + box[3], HEIGHT),
    }
)
values = st.fixed_dictionaries(
    {"box": st.lists(boxes, min_size=1, max_size=3), "emotion": st.sampled_from(MIKELS_8)},
    optional={
        "also_felt": st.dictionaries(st.sampled_from(MIKELS_8), st.integers(1, 3), min_size=1),
        "valence": st.integers(-4, 4),
        "arousal": st.integers(-4, 4),
        "description": texts,
        "reason": texts,
        "objects": st.lists(texts, min_size=1, max_size=3),
    },
)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, deadline=None)
@given(said=st.lists(values, min_size=1, max_size=4))
def test_what_is_written_is_read_again(name: str, said: list[dict[str, Any]]):
    form = FORMATS[name]
    judgements = [
        Judgement(f"{number // 2:064x}", f"a/{number // 2}.jpg", WIDTH, HEIGHT, f"r{number}", one)
        for number, one in enumerate(said)
    ]
    found: dict[str, dict[str, Any]] = {}
    for label in form.read(form.write(judgements)):
        assert isinstance(label, Label), label
        found.setdefault(label.rater, {})[label.field] = label.value
        assert label.size_px in (None, (WIDTH, HEIGHT))
    assert found == {
        one.rater: {field: one.values[field] for field in form.holds if field in one.values}
        for one in judgements
    }


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "data",
                        "annotations",
                        "images",
                        "result",
                        "value",
                        "image_id",
                        "bbox",
                        "emotion",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_labels_or_refusals(name: str, value: Any):
    for found in FORMATS[name].read(json.dumps(value)):
        assert isinstance(found, Label | Refusal)
        assert found.row >= 1


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return make_review_root(tmp_path_factory.mktemp("labels"), 3)


@pytest.fixture
def empty(root: DataRoot, tmp_path: Path) -> DataRoot:
    """The same images without any answer."""
    for name in ("tables", "sources"):
        (tmp_path / name).symlink_to(root.path / name)
    return DataRoot(tmp_path)


def images_of(root: DataRoot) -> list[dict[str, Any]]:
    return scan_table(root.tables, "dedup__images").collect().sort("path").to_dicts()


def take(root: DataRoot, content: str, name: str = "jsonl") -> Taken:
    with closing(ReviewDatabase(root.review)) as database:
        return import_labels(database, root, f"labels.{name}", content.encode(), FORMATS[name])


def votes_of(root: DataRoot) -> dict[tuple[str, str, str], Any]:
    with closing(ReviewDatabase(root.review)) as database, database.reading() as connection:
        assert verify(connection) is None
        rows = read_votes(connection).rows
    imported = [row for row in rows if row["phase"] == "imported"]
    assert all(row["vote_origin"].startswith("labels.") for row in imported)
    return {
        (row["image_id"], row["rater_id"], row["reviewed_field"]): json.loads(row["said_json"])
        for row in imported
    }


def line(**said: Any) -> str:
    return json.dumps(said) + "\n"


def test_a_file_that_is_imported_again_adds_nothing_and_a_changed_one_replaces(empty: DataRoot):
    image_id = images_of(empty)[0]["image_id"]
    first = line(image_id=image_id, rater="ann@example.org", emotion="Sad", valence=-3.0)
    assert take(empty, first) == Taken(2, 0, 0, [])
    assert take(empty, first) == Taken(0, 0, 2, [])
    with closing(ReviewDatabase(empty.review)) as database:
        renamed = import_labels(database, empty, "copy.jsonl", first.encode(), FORMATS["jsonl"])
    assert renamed == Taken(0, 0, 2, []), "nobody is counted twice because a file was renamed"
    changed = line(image_id=image_id, rater="ann@example.org", emotion="awe", valence=-3)
    assert take(empty, changed) == Taken(1, 1, 1, [])
    assert take(empty, first) == Taken(1, 1, 1, [])
    votes = votes_of(empty)
    assert sorted(map(str, votes.values())) == ["-3", "sadness"]
    assert "example" not in str(votes), "people are pseudonyms"
    with closing(ReviewDatabase(empty.review)) as database:
        assert replay(database)[1]


def test_images_are_found_by_id_path_and_address(empty: DataRoot):
    image = images_of(empty)[0]
    path = f"folder/{image['path']}"
    names = [
        image["image_id"],
        f"sources/{path}",
        image["path"],
        f"/data/local-files/?d={path}",
        f"https://example.org/a/b/{path}?token=x",
        f"C:\\images\\{image['path']}",
    ]
    taken = take(empty, "".join(line(image=name, emotion="awe") for name in names))
    assert (taken.stored, taken.refusals) == (len(names), [])
    assert {key[0] for key in votes_of(empty)} == {image["image_id"]}


def test_what_is_said_here_is_not_touched(root: DataRoot, tmp_path: Path):
    own = make_review_root(tmp_path / "own", 1)
    one_vote(own, "ann")
    with closing(ReviewDatabase(own.review)) as database, database.reading() as connection:
        before = read_votes(connection).rows
    assert take(own, line(image_id=images_of(own)[0]["image_id"], emotion="fear")).stored == 1
    with closing(ReviewDatabase(own.review)) as database, database.reading() as connection:
        after = read_votes(connection).rows
    assert [row for row in after if row["phase"] != "imported"] == before


HOSTILE = {
    "not json": ("{", "bad_json"),
    "a list": ("[1]\n", "not_an_object"),
    "too deep": ("[" * 100_000, "bad_json"),
    "no image": (line(emotion="awe"), "missing_value"),
    "another image": (line(image="nobody.jpg", emotion="awe"), "unknown_image"),
    "a path out": (line(image="../../etc/passwd", emotion="awe"), "unknown_image"),
    "no label": (line(image="IMAGE"), "no_label"),
    "an unknown field": (line(image="IMAGE", mood="awe"), "unknown_field"),
    "an unknown emotion": (line(image="IMAGE", emotion="joy"), "bad_value"),
    "a rating off the scale": (line(image="IMAGE", valence=5), "bad_value"),
    "half a step": (line(image="IMAGE", valence=0.5), "bad_value"),
    "a number that is none": ('{"image": "IMAGE", "valence": NaN}', "bad_value"),
    "a truth as a rating": (line(image="IMAGE", arousal=True), "bad_value"),
    "a blank text": (line(image="IMAGE", description="  "), "bad_value"),
    "a text without end": (line(image="IMAGE", description="x" * 5_000), "bad_value"),
    "a box outside": (
        line(image="IMAGE", box=[{"x1_px": 0, "y1_px": 0, "x2_px": 9999, "y2_px": 9}]),
        "outside_image",
    ),
    "a box without area": (
        line(image="IMAGE", box=[{"x1_px": 5, "y1_px": 0, "x2_px": 5, "y2_px": 9}]),
        "bad_value",
    ),
    "two answers of one person": (
        line(image="IMAGE", rater="a", emotion="awe")
        + line(image="IMAGE", rater="a", emotion="fear"),
        "contradiction",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_broken_row_is_refused_with_a_reason_and_the_others_are_taken(case: str, empty: DataRoot):
    content, reason = HOSTILE[case]
    image = images_of(empty)[0]["image_id"]
    good = line(image=images_of(empty)[1]["image_id"], emotion="awe")
    taken = take(empty, good + content.replace("IMAGE", image))
    assert [one.reason for one in taken.refusals] == [reason]
    assert all(one.row > 1 and one.detail for one in taken.refusals)
    assert taken.stored == (2 if reason == "contradiction" else 1)


def test_a_file_of_another_format_is_refused_as_a_whole(empty: DataRoot):
    (refusal,) = take(empty, json.dumps([{"data": {}}], indent=1)).refusals
    assert refusal.reason == "not_json_lines"
    for name, reason in (("coco", "not_coco"), ("label_studio", "not_a_task")):
        (refusal,) = take(empty, line(image="x", emotion="awe"), name).refusals
        assert refusal.reason == reason


def test_label_studio_is_read_as_its_export_writes_it(empty: DataRoot):
    image = images_of(empty)[0]
    rectangle = {
        **{"type": "rectanglelabels", "from_name": "box", "original_width": image["width_px"]},
        **{"original_height": image["height_px"], "image_rotation": 0},
        "value": {"x": 50, "y": 0, "width": 50, "height": 100, "rotation": 0},
    }
    results = [
        {"type": "choices", "from_name": "emotion", "value": {"choices": ["Awe"]}},
        {"type": "choices", "from_name": "also_felt", "value": {"choices": ["fear 2", "anger"]}},
        {"type": "textarea", "from_name": "Caption", "value": {"text": ["a lake"]}},
        rectangle,
        {"type": "rating", "from_name": "valence", "value": {"rating": 3}},
        rectangle | {"value": rectangle["value"] | {"rotation": 30}},
    ]
    tasks = [
        {
            "data": {"image": f"/data/upload/1/{image['path']}"},
            "annotations": [
                {"completed_by": {"id": 7, "email": "ann@example.org"}, "result": results},
                {"completed_by": 8, "was_cancelled": True, "result": []},
            ],
            "predictions": [{"result": [{"type": "choices", "from_name": "emotion"}]}],
        },
        {"data": {"image": "x.jpg"}, "annotations": []},
        {"id": 3},
    ]
    taken = take(empty, json.dumps(tasks), "label_studio")
    found = {key[2]: value for key, value in votes_of(empty).items()}
    assert found["emotion"] == "awe"
    assert found["also_felt"] == {"fear": 2, "anger": 1}
    assert found["description"] == "a lake"
    width, height = image["width_px"], image["height_px"]
    assert found["box"] == [{"x1_px": width // 2, "y1_px": 0, "x2_px": width, "y2_px": height}]
    assert sorted((one.row, one.reason) for one in taken.refusals) == [
        (1, "bad_box"),
        (1, "skipped"),
        (1, "unknown_type"),
        (2, "no_label"),
        (3, "not_a_task"),
    ]


def test_coco_boxes_of_a_person_are_one_label(empty: DataRoot):
    image = images_of(empty)[0]
    size = {"width": image["width_px"], "height": image["height_px"]}
    content = {
        "images": [
            {"id": 1, "file_name": image["path"], **size},
            {"id": 2, "file_name": images_of(empty)[1]["path"], "width": 1, "height": 1},
        ],
        "categories": [{"id": 5, "name": "Awe"}, {"id": 6, "name": "dog"}],
        "annotations": [
            {"image_id": 1, "category_id": 5, "bbox": [0, 0, 10, 10]},
            {"image_id": 1, "category_id": 6, "bbox": [5, 5, 10.4, 9.6]},
            {"image_id": 1, "caption": "a dog"},
            {"image_id": 2, "category_id": 6, "bbox": [0, 0, 1, 1]},
            {"image_id": 9, "category_id": 6, "bbox": [0, 0, 1, 1]},
            {"image_id": 1, "category_id": 6, "bbox": [0, 0, "1", 1]},
        ],
    }
    taken = take(empty, json.dumps(content), "coco")
    found = {key[2]: value for key, value in votes_of(empty).items()}
    assert found["emotion"] == "awe"
    assert found["box"] == [
        {"x1_px": 0, "y1_px": 0, "x2_px": 10, "y2_px": 10},
        {"x1_px": 5, "y1_px": 5, "x2_px": 15, "y2_px": 15},
    ]
    assert found["description"] == "a dog"
    assert sorted((one.row, one.reason) for one in taken.refusals) == [
        (4, "other_size"),
        (5, "unknown_image"),
        (6, "bad_box"),
    ]
