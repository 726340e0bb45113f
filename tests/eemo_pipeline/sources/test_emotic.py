"""EMOTIC's MATLAB files, written by scipy in the nested structs of the documentation."""

import io
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from eemo_pipeline.readers.contract import SourceTables
from eemo_pipeline.readers.emotic_matlab import iterate_people, read_people
from tests.support.sources import read_files, reasons

NAN = float("nan")


def cells(values: Sequence[Any]) -> np.ndarray:
    array = np.empty((1, len(values)), dtype=object)
    array[0, :] = list(values)
    return array


def structs(*records: Mapping[str, Any]) -> np.ndarray:
    """A 1xN struct array; every record has the fields of the first."""
    names = list(records[0])
    array = np.empty((1, len(records)), dtype=[(name, object) for name in names])
    for place, record in enumerate(records):
        for name in names:
            array[0, place][name] = record[name]
    return array


def categories(worker: str, *labels: Any) -> dict[str, Any]:
    # the time is a number in some records and a text in others
    time: Any = 12 if worker < "A2" else "12"
    return {
        "worker_id": worker,
        "work_time": time,
        "batch_id": 3,
        "categories": cells(labels),
    }


def continuous(worker: str, *ratings: Any) -> dict[str, Any]:
    return {
        "worker_id": worker,
        "work_time": 5,
        **dict(zip(("valence", "arousal", "dominance"), ratings, strict=True)),
    }


def person_of_train(
    *labels: Any, ratings: Sequence[Any] = (6, 5, 7), box: Any = (86, 58, 564, 628)
) -> dict[str, Any]:
    return {
        "body_bbox": np.array(box) if isinstance(box, tuple) else box,
        "annotations_categories": structs(categories("A1", *labels)),
        "annotations_continuous": structs(continuous("A1", *ratings)),
        "gender": "Male",
        "age": "Adult",
    }


def person_of_test(
    judgements: Sequence[Mapping[str, Any]], ratings: Sequence[Mapping[str, Any]], *combined: str
) -> dict[str, Any]:
    return {
        "body_bbox": np.array([-4, 10, 600, 400]),
        "annotations_categories": structs(*judgements) if judgements else np.empty((0, 0)),
        "combined_categories": cells(combined),
        "annotations_continuous": structs(*ratings) if ratings else np.empty((0, 0)),
        "combined_continuous": structs({"valence": 6.5, "arousal": 5, "dominance": 7}),
        "gender": "Female",
        "age": "Kid",
    }


def picture(folder: str, filename: str, *people: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "filename": filename,
        "folder": folder,
        "image_size": structs({"n_col": 640, "n_row": 480}),
        "original_database": structs({"name": folder.partition("/")[0]}),
        "person": structs(*people) if people else np.empty((0, 0)),
    }


def write(**splits: Any) -> bytes:
    file = io.BytesIO()
    savemat(file, splits, do_compression=True)
    return file.getvalue()


TRAIN = structs(
    picture(
        "mscoco/images",
        "COCO_1.jpg",
        person_of_train("Engagement", "Doubt/Confusion"),
        person_of_train("Peace", box=(1.5, 2, 3, 4)),
    ),
    picture("framesdb/images", "b.jpg", person_of_train("Peace", ratings=(5, NAN, 5))),
    picture("emodb_small/images", "c.jpg", person_of_train("Bliss")),
    picture("emodb_small/images", "c.jpg", person_of_train("Peace", ratings=(5, 5, 11))),
    picture("emodb_small/images", "c.jpg", person_of_train("Peace", box=(1, 2, NAN, 4))),
    picture("emodb_small/images", "c.jpg", person_of_train("Peace", box="NA")),
    picture("emodb_small/images", "c.jpg", person_of_train(7)),
    picture("emodb_small/images", "gone.jpg", person_of_train("Peace")),
    picture("../images", "c.jpg", person_of_train("Peace")),
    picture("emodb_small/images", "c.jpg"),
)
TEST = structs(
    picture(
        "ade20k/images",
        "d.jpg",
        person_of_test(
            [categories("A1", "Esteem"), categories("A2", "Esteem", "Yearning")],
            [continuous("A2", 6, 5, 7), continuous("A3", 7, 5, 7)],
            "Esteem",
            "Yearning",
        ),
        person_of_test([categories("A1", "Fear")], [continuous("A1", 2, 9, 1)]),
    ),
    picture("ade20k/images", "e.jpg", person_of_test([], [], "Sympathy")),
)
PICTURES = {
    "emotic/mscoco/images/COCO_1.jpg": "pixels",
    "emotic/framesdb/framesdb/images/b.jpg": "pixels",
    "emotic/emodb_small/images/c.jpg": "pixels",
    "emotic/emotic/ade20k/images/d.jpg": "pixels",
    "emotic/ade20k/images/e.jpg": "pixels",
}
EMOTIC = {**PICTURES, "Annotations/Annotations.mat": write(train=TRAIN, test=TEST)}
CSV = (
    "Index,Folder,Filename,Image Size,BBox,Categorical_Labels,Continuous_Labels,Gender,Age\n"
    '0,mscoco/images,COCO_1.jpg,x,"[1, 2, 3, 4]",[\'Peace\'],"[5, 5, 5]",Male,Adult\n'
)


def people(tables: SourceTables, record: str) -> list[dict[str, Any]]:
    return tables.annotations.filter(pl.col("record_id") == record).sort("annotation_no").to_dicts()


def test_a_person_of_train_is_one_annotation_in_native_values() -> None:
    tables = read_files("emotic", EMOTIC)
    first, second = people(tables, "mscoco/images/COCO_1.jpg")
    assert first["native_labels"] == ["Engagement", "Doubt/Confusion"]
    assert first["native_weights"] == [1.0, 1.0]
    assert first["annotator_id"] == "worker:A1"
    assert first["rater_count"] == 1
    assert [first[f"native_{name}"] for name in ("valence", "arousal", "dominance")] == [6, 5, 7]
    assert (first["scale_min"], first["scale_max"]) == (1, 10)
    assert first["person_box_px"] == [86, 58, 564, 628]
    assert json.loads(first["attributes"]) == {"gender": "Male", "age": "Adult"}
    # a cell array of one text is not squeezed into something else
    assert second["native_labels"] == ["Peace"]
    assert second["person_box_px"] == [1.5, 2, 3, 4]
    assert first["semantics"] == "apparent"
    splits = dict(tables.records.select("record_id", "source_split").rows())
    assert splits["mscoco/images/COCO_1.jpg"] == "train"
    assert splits["ade20k/images/d.jpg"] == "test"


def test_every_annotator_of_test_is_one_annotation_and_the_combined_values_stand_beside() -> None:
    tables = read_files("emotic", EMOTIC)
    rows = [
        (row["annotator_id"], row["native_labels"], row["native_valence"])
        for row in people(tables, "ade20k/images/d.jpg")
    ]
    assert rows == [
        ("worker:A1", ["Esteem"], None),
        ("worker:A2", ["Esteem", "Yearning"], 6),
        ("worker:A3", None, 7),
        ("worker:A1", ["Fear"], 2),
    ]
    first, *_, last = people(tables, "ade20k/images/d.jpg")
    assert json.loads(first["attributes"]) == {
        "gender": "Female",
        "age": "Kid",
        "combined_labels": ["Esteem", "Yearning"],
        "combined_valence": 6.5,
        "combined_arousal": 5,
        "combined_dominance": 7,
    }
    assert json.loads(last["attributes"])["combined_labels"] == []


def test_a_person_without_annotators_speaks_through_the_combined_values() -> None:
    (row,) = people(read_files("emotic", EMOTIC), "ade20k/images/e.jpg")
    assert row["annotator_id"] == "combined"
    assert row["native_labels"] == ["Sympathy"]
    assert row["native_valence"] == 6.5
    assert row["rater_count"] is None


def test_bad_rows_are_refused_one_by_one() -> None:
    tables = read_files("emotic", EMOTIC)
    assert tables.row_count == 16
    assert reasons(tables) == {
        3: "bad_number",
        4: "unknown_label",
        5: "out_of_range",
        6: "bad_box",
        7: "missing_value",
        8: "bad_list",
        9: "picture_missing",
        10: "unsafe_path",
        11: "missing_value",
    }
    ways = dict(tables.records.select("path", "resolved_by").rows())
    assert ways["emotic/framesdb/framesdb/images/b.jpg"] == "nested"
    assert ways["emotic/emotic/ade20k/images/d.jpg"] == "nested"


def test_a_matlab_file_wins_over_its_conversion() -> None:
    alone = read_files("emotic", EMOTIC)
    both = read_files("emotic", {**EMOTIC, "emotic_pre/train.csv": CSV})
    assert both.annotations.equals(alone.annotations)
    assert both.row_count == alone.row_count
    assert "emotic_pre/train.csv" in both.table_paths


@pytest.mark.parametrize(
    "content",
    [b"", b"matlab" * 99, b" " * 124 + b"\x00\x02IM", b" " * 124 + b"\x00\x01IM", write(a=1)],
)
def test_a_matlab_file_that_cannot_be_read_is_one_reject_and_the_conversion_is_read(
    content: bytes,
) -> None:
    files = {**EMOTIC, "Annotations/Annotations.mat": content, "emotic_pre/train.csv": CSV}
    tables = read_files("emotic", files)
    assert tables.rejects.select("path", "row", "reason").rows() == [
        ("Annotations/Annotations.mat", 1, "bad_mat")
    ]
    assert len(tables.annotations) == 1


def test_the_older_release_alone_and_beside_the_newer_one() -> None:
    old = write(
        train=structs(
            picture("mscoco/images", "COCO_1.jpg", person_of_train("Peace")),
            picture("mscoco/images", "only_2017.jpg", person_of_train("Peace")),
        )
    )
    older = {
        "CVPR17_Annotations.mat": old,
        "cvpr_emotic/mscoco/images/COCO_1.jpg": "pixels",
        "cvpr_emotic/mscoco/images/only_2017.jpg": "pixels",
    }
    alone = read_files("emotic", older)
    assert set(alone.records["path"]) == {path for path in older if path.endswith(".jpg")}
    assert len(alone.annotations) == 2
    both = read_files("emotic", {**older, **EMOTIC})
    assert reasons(both, "CVPR17_Annotations.mat") == {1: "duplicate_row"}
    kept = both.annotations.filter(pl.col("table_path") == "CVPR17_Annotations.mat")
    assert kept["record_id"].to_list() == ["mscoco/images/only_2017.jpg"]


def test_a_file_that_crashes_the_reader_does_not_crash_the_caller(tmp_path: Path) -> None:
    # cells in cells, deeper than the stack of scipy's reader: class and size, then no name
    levels = 60_000
    head = b"\x06\0\0\0\x08\0\0\0\x01\0\0\0\0\0\0\0\x05\0\0\0\x08\0\0\0\x01\0\0\0\x01\0\0\0"
    body = b"".join(
        b"\x0e\0\0\0" + (56 * (levels - level) - 8).to_bytes(4, "little") + head + b"\1" + bytes(7)
        for level in range(levels)
    )
    inner = head + b"\x01\0\0\0\x05\0\0\0train\0\0\0" + body
    outer = b"\x0e\0\0\0" + len(inner).to_bytes(4, "little") + inner
    file = tmp_path / "Annotations.mat"
    file.write_bytes(b" " * 124 + b"\x00\x01IM" + outer)
    rows, trouble = read_people(file)
    assert rows == []
    assert trouble  # died of signal 11, with scipy 1.17


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_damage_to_bytes_never_raises(seed: int) -> None:
    file = io.BytesIO()
    savemat(file, {"train": TRAIN, "test": TEST}, do_compression=False)
    data = bytearray(file.getvalue())
    chance = random.Random(seed)  # noqa: S311 (a test's damage needs no secrecy)
    for _ in range(chance.randrange(1, 4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    read_files("emotic", {**PICTURES, "Annotations/Annotations.mat": bytes(data)})


WRONG = [
    "NA",
    "",
    np.empty((0, 0)),
    np.array([[1, 2], [3, 4]]),
    np.array([[NAN]]),
    1e300,
    cells(["Peace"]),
    cells([cells(["Peace"])]),
    structs({"categories": cells(["Peace"])}),
    structs({"other": 1}, {"other": 2}),
    np.array(["ab", "cd"]),
    np.array([[True]]),
    np.array([[1 + 2j]]),
    "\ud800",
]


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10**6), wrong=st.integers(0, len(WRONG) - 1))
def test_wrong_types_anywhere_never_raise_and_lose_no_person(place: int, wrong: int) -> None:
    """In this process: a file that scipy wrote does not crash scipy."""
    people_of_test = person_of_test(
        [categories("A1", "Esteem")], [continuous("A2", 6, 5, 7)], "Esteem"
    )
    shown = structs(picture("ade20k/images", "d.jpg", people_of_test))
    spots: list[tuple[Any, str]] = []
    waiting = [shown[0, 0]]
    while waiting:
        record = waiting.pop()
        for name in record.dtype.names:
            spots.append((record, name))
            value = record[name]
            if isinstance(value, np.ndarray) and value.dtype.names:
                waiting.extend(value.ravel())
    record, name = spots[place % len(spots)]
    record[name] = WRONG[wrong]
    file = io.BytesIO()
    try:
        savemat(file, {"test": shown})
    except (UnicodeEncodeError, TypeError):
        return  # not to be written, so not to be found
    file.seek(0)
    rows = list(iterate_people(file))  # pyright: ignore[reportArgumentType]
    assert rows
    json.dumps(rows).encode()
