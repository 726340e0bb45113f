"""Files as their owners hand them out, byte for byte in the quirks that are documented.

Not one byte comes from a writer of ours; values are invented, layouts are not.
"""

import json
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from tests.support.sources import read_files, reasons


def test_oasis_with_carriage_returns_and_blanks_behind_names() -> None:
    table = (
        b",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,"
        b"Arousal_N\r"
        b"I1,Acorns 1,Object,Pixabay,4.68627450980392,1.15503669463388,102,2.34653465346535,"
        b"1.56836637147762,101\r"
        b"I180,Crosswalk 1 ,Scenery,Flickr/Jan Tik,4.2,1.1,103,2.9,1.4,103\r"
        b"I857,War 2 ,Scenery,Wikimedia,1.9,1.0,100,4.6,1.6,108\r"
        b"I12,Camping 6,Scenery,Pixabay,5.5,1.1,103,2.9,1.4,103"
    )
    assert b"\n" not in table
    tables = read_files(
        "oasis",
        {
            "OASIS.csv": table,
            "__MACOSX/._OASIS.csv": b"\0\5\x16\7Mac OS X",
            **{
                f"images/{name}.jpg": "pixels"
                for name in ("Acorns 1", "Crosswalk 1", "War 2", "Camping 6")
            },
        },
    )
    assert (tables.row_count, reasons(tables)) == (4, {})
    ways = dict(tables.records.select("path", "resolved_by").rows())
    assert ways["images/Crosswalk 1.jpg"] == ways["images/War 2.jpg"] == "stripped"
    first = tables.annotations.to_dicts()[0]
    assert (first["native_valence"], first["native_arousal_sd"]) == (
        4.68627450980392,
        1.56836637147762,
    )
    assert (first["scale_min"], first["scale_max"], first["rater_count"]) == (1.0, 7.0, 102)
    facts = {row["record_id"]: json.loads(row["attributes"]) for row in tables.records.to_dicts()}
    assert facts["Crosswalk 1"] == {
        "category": "Scenery",
        "theme": "Crosswalk",
        "origin": "Flickr/Jan Tik",
    }


@pytest.mark.parametrize("family", ["both", "plain", "detailed"])
def test_gaped_in_either_family_of_tables(family: str) -> None:
    detailed = {
        "GAPED/A_with SD.txt": b"\tValence\t(SD)\t\tArousal\t(SD)\t\tInternal norms\t(SD)\t\t"
        b"External norms\t(SD)\r\n"
        b"A001.jpg\t5.430\t(5.43)\t\t69.120\t(20.11)\t\t11.203\t(9.10)\t\t13.550\t(12.00)\r\n"
        + b"\t\t\t\t\t\t\t\t\t\t\t\r\n"
        * 5,
        "GAPED/Sn_with SD.txt": b"\tValence\t(SD)\t\tArousal\t(SD)\r\n"
        b"Sn001.jpg\t41.222\t(15.10)\t\t60.001\t(21.5)\r\n",
    }
    plain = {
        "GAPED/A.txt": b"\tValence\tArousal\tInternal norms\tExternal norms\r\n"
        b"A001.jpg\t5.43\t69.12\t11.20312345\t13.55012345",
        "GAPED/Sn.txt": b"\tValence\tArousal\r\nSn001.jpg\t41.222\t60.001",
    }
    tables = read_files(
        "gaped",
        {
            "GAPED/readme.txt": "GAPED \u2013 terms".encode("cp1252"),
            "GAPED/A/A001.bmp": "pixels",
            "GAPED/A/Thumbs.db": "junk",
            "GAPED/Sn/Sn001.bmp": "pixels",
            **(plain if family != "detailed" else {}),
            **(detailed if family != "plain" else {}),
        },
    )
    assert (tables.row_count, reasons(tables)) == (2, {})
    rows = tables.annotations.to_dicts()
    assert [row["native_valence"] for row in rows] == [5.43, 41.222]
    assert [row["native_valence_sd"] for row in rows] == (
        [None, None] if family == "plain" else [5.43, 15.10]
    )
    assert rows[1]["native_labels"] == ["snake"]
    assert tables.records["path"].to_list() == ["GAPED/A/A001.bmp", "GAPED/Sn/Sn001.bmp"]
    assert set(tables.records["resolved_by"]) == {"extension"}
    norms = json.loads(rows[0]["attributes"])
    assert norms["internal_norms"] == (11.20312345 if family == "plain" else 11.203)


@pytest.mark.parametrize("fields", [3, 4])
def test_emoset_as_distributed_and_as_documented(fields: int) -> None:
    def element(number: int) -> list[str]:
        name = f"awe_{number:05}"
        given = ["awe", name, f"image/awe/{name}.jpg", f"annotation/awe/{name}.json"]
        return given if fields == 4 else [given[0], *given[2:]]

    tables = read_files(
        "emoset",
        {
            "train.json": json.dumps([element(6628), element(7)]),
            "val.json": "[]",
            "test.json": json.dumps([element(8)]),
            "info.json": '{"emotion": {"label2idx": {"awe": 1}, "idx2label": {"1": "awe"}}}',
            **{f"image/awe/awe_{number:05}.jpg": "pixels" for number in (6628, 7, 8)},
            "annotation/awe/awe_06628.json": '{"image_id": "awe_06628", "emotion": "awe", '
            '"brightness": 0, "colorfulness": 0.3, "scene": "bakery/shop", '
            '"object": ["Alarm clock", "Tree"]}',
            "annotation/awe/awe_00007.json": '{"image_id": "awe_00007", "emotion": "awe", '
            '"brightness": 0.9, "colorfulness": 1}',
            "annotation/awe/awe_00008.json": '{"image_id": "awe_00008", "emotion": "awe", '
            '"brightness": 0.5, "colorfulness": 0.5, "facial_expression": "happy"}',
        },
    )
    assert (tables.row_count, reasons(tables)) == (3, {})
    records = {row["path"]: row for row in tables.records.to_dicts()}
    first = records["image/awe/awe_06628.jpg"]
    assert (first["native_label"], first["source_split"]) == ("awe", "train")
    facts = json.loads(first["attributes"])
    assert (facts["brightness"], facts["scene"]) == (0, "bakery/shop")
    assert facts["object"] == ["Alarm clock", "Tree"]
    assert "facial_expression" not in facts
    bare = json.loads(records["image/awe/awe_00007.jpg"]["attributes"])
    assert {"scene", "object", "human_action"}.isdisjoint(bare)
    assert records["image/awe/awe_00008.jpg"]["source_split"] == "test"


def test_artphoto_labels_stand_in_names_whose_numbers_repeat() -> None:
    names = ("sad_0001", "fear_0001", "contentment_0523", "awe_0001", "amusement_0523")
    files = {f"testImages_artphoto/{name}.jpg": "pixels" for name in names}
    tables = read_files("artphoto", files)
    assert sorted(tables.records["record_id"]) == sorted(f"{name}.jpg" for name in names)
    labels = {
        row["record_id"]: row["native_label"]
        for row in tables.records.select("record_id", "native_label").to_dicts()
    }
    assert labels["sad_0001.jpg"] == "sad"
    assert labels["contentment_0523.jpg"] == "contentment"


@pytest.mark.parametrize("separator", ["\t", " "])
def test_emotion6_with_brackets_around_its_names(separator: str) -> None:
    names = ["[image_filename]", "[valence]", "[arousal]"]
    emotions = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
    header = separator.join([*names, *(f"[prob. {name}]" for name in emotions)])
    rows = ["disgust/1.jpg 2.5 3.8 0.133333 0.7 0 0.0666667 0.1 0 0", "joy/1.jpg 8 4 0 0 0 1 0 0 0"]
    text = "\n".join([header, *(row.replace(" ", separator) for row in rows)])
    tables = read_files(
        "emotion6",
        {
            "Emotion6/ground_truth.txt": text,
            "Emotion6/readme": "words",
            "Emotion6/images/disgust/1.jpg": "pixels",
            "Emotion6/images/joy/1.jpg": "pixels",
        },
    )
    assert (tables.row_count, reasons(tables)) == (2, {})
    first, second = tables.annotations.to_dicts()
    assert first["native_weights"] == [0.133333, 0.7, 0, 0.0666667, 0.1, 0, 0]
    assert (second["native_valence"], second["scale_max"]) == (8.0, 9.0)


def test_warriner_with_all_its_columns_and_words_that_parsers_swallow() -> None:
    groups = ("Sum", "M", "F", "Y", "O", "L", "H")
    columns = [
        f"{scale}.{measure}.{group}"
        for group in groups
        for scale in "VAD"
        for measure in ("Mean", "SD", "Rat")
    ]
    header = ["", "Word", *columns]
    assert len(header) == 65
    words = ("aardvark", "AIDS", "action figure", "TRUE", "FALSE", "null")
    lines = [
        ",".join([str(number), word, *(["6.26", "2.21", "19"] * 21)])
        for number, word in enumerate(words, 1)
    ]
    place = header.index("A.SD.H")
    cells = lines[1].split(",")
    lines[1] = ",".join([*cells[:place], "", *cells[place + 1 :]])
    text = "\n".join([",".join(header), *lines]) + "\n"
    tables = read_files("warriner", {"Ratings_Warriner_et_al.csv": text})
    assert (tables.row_count, reasons(tables)) == (6, {})
    assert set(tables.words["word"]) == set(words)


def _struct(**fields: Any) -> np.ndarray:
    made = np.empty((1, 1), dtype=[(name, object) for name in fields])
    for name, value in fields.items():
        made[name][0, 0] = value
    return made


def _structs(rows: list[dict[str, Any]]) -> np.ndarray:
    made = np.empty((1, len(rows)), dtype=[(name, object) for name in rows[0]])
    for place, row in enumerate(rows):
        for name, value in row.items():
            made[name][0, place] = value
    return made


def _cells(*texts: str) -> np.ndarray:
    made = np.empty((1, len(texts)), dtype=object)
    made[0, :] = texts
    return made


def test_emotic_as_the_mat_file_holds_it(tmp_path: Any) -> None:
    box = np.array([[86, 58, 564, 628]])

    def rated(*values: float) -> dict[str, Any]:
        return dict(zip(("valence", "arousal", "dominance"), values, strict=True))

    worker = {"worker_id": "A2HJ5RTCPK2J1D", "work_time": "NA", "batch_id": 1}
    train = _structs(
        [
            {
                "body_bbox": box,
                "annotations_categories": _struct(**worker, categories=_cells("Disconnection")),
                "annotations_continuous": _struct(**worker, **rated(5, 3, 9)),
                "gender": "Male",
                "age": "Adult",
            }
        ]
    )
    test = _structs(
        [
            {
                "body_bbox": box,
                "annotations_categories": _structs(
                    [
                        {**worker, "categories": _cells("Doubt/Confusion", "Pain")},
                        {**worker, "worker_id": "B", "categories": _cells("Peace")},
                    ]
                ),
                "combined_categories": _cells("Doubt/Confusion", "Pain", "Peace"),
                "annotations_continuous": _structs(
                    [{**worker, **rated(5, 3, 9)}, {**worker, "worker_id": "B", **rated(6, 3, 9)}]
                ),
                "combined_continuous": _struct(**rated(5.5, 3, 9)),
                "gender": "Female",
                "age": "Kid",
            }
        ]
    )

    def image(name: str, folder: str, person: np.ndarray) -> dict[str, Any]:
        return {
            "filename": name,
            "folder": folder,
            "image_size": _struct(n_row=640, n_col=640),
            "original_database": _struct(name="emodb_small"),
            "person": person,
        }

    place = tmp_path / "Annotations.mat"
    savemat(
        place,
        {
            "train": _structs([image("a.jpg", "mscoco/images", train)]),
            "val": _structs([image("b.jpg", "framesdb/images", test)]),
            "test": _structs([image("c.jpg", "ade20k/images", test)]),
        },
    )
    tables = read_files(
        "emotic",
        {
            "Annotations/Annotations.mat": place.read_bytes(),
            "emotic/mscoco/images/a.jpg": "pixels",
            "emotic/framesdb/images/b.jpg": "pixels",
            "emotic/emotic/ade20k/images/c.jpg": "pixels",
        },
    )
    assert tables.rejects.is_empty()
    assert (tables.row_count, tables.records.height) == (5, 3)
    assert set(tables.annotations["semantics"]) == {"apparent"}
    rows = tables.annotations.filter(tables.annotations["record_id"] == "mscoco/images/a.jpg")
    (first,) = rows.to_dicts()
    assert first["native_labels"] == ["Disconnection"]
    assert first["person_box_px"] == [86.0, 58.0, 564.0, 628.0]
    assert (first["native_valence"], first["scale_max"]) == (5.0, 10.0)
    labels = [row["native_labels"] for row in tables.annotations.to_dicts()]
    assert ["Doubt/Confusion", "Pain"] in labels
    splits = dict(tables.records.select("path", "source_split").rows())
    assert splits["emotic/framesdb/images/b.jpg"] == "val"
