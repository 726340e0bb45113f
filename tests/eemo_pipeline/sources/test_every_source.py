"""Each adapter on a tiny copy of its dataset, in the native layout, with its quirks planted."""

import json
import random
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline import sources
from eemo_pipeline.discovery import discover
from eemo_pipeline.emotion.taxonomies import LABEL_SPACES
from eemo_pipeline.readers import contract
from eemo_pipeline.readers.contract import WORKER, Listing, SourceTables
from eemo_pipeline.readers.encodings import decode_text
from eemo_pipeline.readers.picture_index import PictureIndex
from eemo_pipeline.readers.tables import read_annotation_file
from eemo_pipeline.sources import SourceDataset
from eemo_pipeline.stages.ingest import hide_workers

Files = Mapping[str, bytes | str]
SOURCES = discover(sources, "SOURCE", SourceDataset)


def lay(root: Path, files: Files) -> Listing:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list_folder(root)


def list_folder(root: Path) -> Listing:
    paths = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
    return Listing(root, tuple(paths))


def read(name: str, root: Path, files: Files) -> SourceTables:
    listing = lay(root, files)
    tables = SOURCES[name].read(listing)
    assert_sound(tables, listing)
    return tables


def assert_sound(tables: SourceTables, listing: Listing) -> None:
    """The contract: schemas, conservation of rows, keys, and nothing but listed pictures."""
    assert tables.records.schema == contract.RECORD_SCHEMA
    assert tables.annotations.schema == contract.ANNOTATION_SCHEMA
    assert tables.rejects.schema == contract.REJECT_SCHEMA
    read_rows = tables.annotations.select("table_path", "row").rows()
    refused_rows = tables.rejects.select("path", "row").rows()
    assert len({*read_rows, *refused_rows}) == tables.row_count
    assert len(read_rows) + len(refused_rows) == tables.row_count
    for column in ("path", "record_id"):
        assert tables.records[column].is_unique().all()
    pictures = set(listing.known) - tables.table_paths
    assert set(tables.records["path"]) <= pictures
    assert set(tables.annotations["record_id"]) <= set(tables.records["record_id"])
    keys = tables.annotations.select("record_id", "annotation_no")
    assert keys.is_unique().all()
    for frame in (tables.records, tables.annotations):
        kept = frame.select(pl.col("record_id", "label_space", "semantics"))
        assert kept.null_count().sum_horizontal().sum() == 0
    for number in ("native_valence", "native_arousal", "native_dominance"):
        assert tables.annotations[number].drop_nulls().is_finite().all()


def reasons(tables: SourceTables) -> dict[int, str]:
    return dict(tables.rejects.select("row", "reason").rows())


# --- the fixtures --------------------------------------------------------------------------

EMOTIC_HEADER = (
    "Index,Folder,Filename,Image Size,BBox,Categorical_Labels,Continuous_Labels,Gender,Age\n"
)
EMOTIC = {
    "emotic/mscoco/images/a.jpg": "pixels",
    "emotic/framesdb/images/b.jpg": "pixels",
    "emotic/emotic/ade20k/images/c.jpg": "pixels",
    "Annotations/Annotations.mat": "matlab",
    "emotic_pre/train.csv": EMOTIC_HEADER
    + '0,mscoco/images,a.jpg,"[640, 480]","[-4, 10, 600, 400]","[\'Engagement\', \'Happiness\']",'
    '"[6, 5.5, 7]",Male,Adult\n'
    '1,mscoco/images,a.jpg,"[640, 480]","[1, 2, 3, 4]",[\'Disquietment\'],"[1, 10, 5]",Female,Kid\n'
    '2,mscoco/images,a.jpg,x,"[1, 2, 3, 4]",[\'Bliss\'],"[5, 5, 5]",Male,Adult\n'
    '3,framesdb/images,b.jpg,x,"[1, 2, 3, 4]",[\'Peace\'],"[nan, 5, 5]",Male,Adult\n'
    '4,framesdb/images,gone.jpg,x,"[1, 2, 3, 4]",[\'Peace\'],"[5, 5, 5]",Male,Adult\n'
    '5,mscoco/images,a.jpg,x,"[1, 2, 3, 4]",__import__(\'os\').abort(),"[5, 5, 5]",Male,Adult\n'
    '6,mscoco/images,a.jpg,x,"[1, 2, 3]",[\'Peace\'],"[5, 5, 5]",Male,Adult\n'
    '7,mscoco/images,a.jpg,x,"[1, 2, 3, 4]",[\'Peace\'],"[5, 5, 11]",Male,Adult\n'
    '8,../images,a.jpg,x,"[1, 2, 3, 4]",[\'Peace\'],"[5, 5, 5]",Male,Adult\n',
    "emotic_pre/test.csv": EMOTIC_HEADER
    + '0,ade20k/images,c.jpg,x,"[1, 2, 3, 4]",[],"[5, 5, 5]",Male,Adult\n',
}
EMOTION6_HEADER = (
    "[image_filename]\t[valence]\t[arousal]\t[prob. anger]\t[prob. disgust]\t[prob. fear]\t"
    "[prob. joy]\t[prob. sadness]\t[prob. surprise]\t[prob. neutral]\n"
)
EMOTION6 = {
    "images/disgust/1.jpg": "pixels",
    "images/joy/2.jpg": "pixels",
    "images/fear/3.jpg": "pixels",
    "readme": "text",
    "ground_truth.txt": EMOTION6_HEADER
    + "disgust/1.jpg\t2.5\t3.8\t0.133333\t0.7\t0\t0.0666667\t0.1\t0\t0\n"
    "joy/2.jpg\t8\t4.1\t0\t0\t0\t0.4\t0\t0.2\t0.4\n"
    "fear/3.jpg\t2\t4.1\t0\t0\t0\t0.4\t0\t0.2\t0.3\n"
    "joy/2.jpg\t8\t4.1\t0\t0\t0\t0.4\t0\t0.2\t0.4\n"
    "joy/9.jpg\t8\t4.1\t0\t0\t0\t0.4\t0\t0.2\t0.4",
}
OASIS_HEADER = (
    ",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"
)
OASIS = {
    "images/War 2.jpg": "pixels",
    "images/Beach 4.jpg": "pixels",
    "images/Bee 1.JPG": "pixels",
    "__MACOSX/images/._War 2.jpg": "junk",
    "__MACOSX/._OASIS.csv": "junk",
    "images/.DS_Store": "junk",
    "OASIS.csv": "\r".join(
        (
            OASIS_HEADER,
            "I1,War 2 ,Person,Flickr/Jan Tik,1.8,0.9,101,4.5,1.7,102",
            "I2,Beach 4,Scenery,Pixabay,6.1,0.98,103,3.2,1.9,103",
            "I3,Bee 1,Animal,Pixabay,7.5,0.98,103,3.2,1.9,103",
            "I4,Crosswalk 9,Scenery,Pixabay,4,0.98,103,3.2,1.9,103",
        )
    ),
}
AFFECTION = {
    "coco_affective/1.jpg": "pixels",
    "flickr30k_affective/1.jpg": "pixels",
    "language/version_0/affection_raw_public_version_0.csv": (
        "workerid,utterance,emotion,dataset,image_name\n"
        'A1,"calm, ""blue""\nwater",contentment,coco_affective,1.jpg\n'
        "A2,<script>alert(1)</script>,something else,coco_affective,1.jpg\n"
        "A1,dark,fear,flickr30k_affective,1.jpg\n"
        "A3,odd,bliss,flickr30k_affective,1.jpg\n"
        "A3,lost,fear,you_aaai_affective,1.jpg\n"
        ",nobody,fear,coco_affective,1.jpg\n"
    ),
}
FOLDER = {
    "a.jpg": "pixels",
    "sub/deep/b.PNG": "pixels",
    "notes.txt": "text",
    "labels.csv": "\ufefffile,emotion,valence,arousal,dominance,caption,place\n"
    'a.jpg, Joy ,0.9,.5,1,"a, b",here\n'
    "b.png,,0.25,,,,\n"
    "gone.jpg,joy,,,,,\n"
    "../x,joy,,,,,\n"
    "/etc/passwd,joy,,,,,\n"
    "a.jpg,sadness,,,,,\n"
    "notes.txt,bliss,,,,,\n"
    ",,,,,,\n"
    "notes.txt,,high,,,,\n"
    "notes.txt,,,inf,,,\n"
    "notes.txt,,nan,,,,\n"
    "notes.txt,,,,,,\n"
    ",joy,,,,,\n"
    "notes.txt,joy,,,,,,more\n",
}
FIXTURES: dict[str, Files] = {
    "emotic": EMOTIC,
    "emotion6": EMOTION6,
    "oasis": OASIS,
    "affection": AFFECTION,
    "folder": FOLDER,
}


# --- the contract --------------------------------------------------------------------------


def test_every_adapter_has_a_fixture_and_declares_its_own_name() -> None:
    own = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*")}
    assert set(FIXTURES) <= set(SOURCES) <= set(FIXTURES) | own
    for name, source in SOURCES.items():
        assert source.name == name
        assert source.label_space in LABEL_SPACES
        assert source.semantics in {"evoked", "apparent", "none"}


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_an_empty_folder_gives_empty_tables(name: str, tmp_path: Path) -> None:
    tables = read(name, tmp_path, {})
    assert tables.row_count == 0
    assert tables.records.is_empty()
    assert tables.rejects.is_empty()


@pytest.mark.parametrize("name", sorted(FIXTURES))
@pytest.mark.parametrize("content", [b"", b"\n\n\r\r", b"\x00\xff\xfe\x81", b"\xff\xfe\x00\xd8"])
def test_a_table_without_rows_or_sense_refuses_nothing_by_raising(
    name: str, content: bytes, tmp_path: Path
) -> None:
    files = {
        path: content if path.endswith((".csv", "truth.txt")) else old
        for path, old in FIXTURES[name].items()
    }
    assert read(name, tmp_path, files).annotations.is_empty()


@pytest.mark.parametrize("name", sorted(FIXTURES))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), damages=st.integers(1, 6))
def test_random_damage_never_raises_and_loses_no_row(
    name: str, seed: int, damages: int, tmp_path: Path
) -> None:
    files = FIXTURES[name]
    lay(tmp_path, files)
    chance = random.Random(seed)  # noqa: S311 (a test's damage needs no secrecy)
    for path in sorted(files):
        if path.endswith((".csv", "truth.txt")) and "__MACOSX" not in path:
            content = files[path]
            data = content if isinstance(content, bytes) else content.encode()
            for _ in range(damages):
                data = damage(data, chance)
            (tmp_path / path).write_bytes(data)
    listing = list_folder(tmp_path)
    assert_sound(SOURCES[name].read(listing), listing)


def damage(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    kind = chance.randrange(5)
    if kind == 0:  # flip a byte
        return data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]
    if kind == 1:  # cut a piece out
        return data[:start] + data[min(end, start + 40) :]
    if kind == 2:  # repeat a piece
        return data[:end] + data[start:end]
    if kind == 3:  # add what parsers trip over
        return (
            data[:start] + chance.choice([b'"', b"\0", b",", b"\r", b"\n\n", b"["]) + data[start:]
        )
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


# --- one by one ----------------------------------------------------------------------------


def test_emotic_has_one_record_per_picture_and_one_annotation_per_person(tmp_path: Path) -> None:
    tables = read("emotic", tmp_path, EMOTIC)
    assert tables.row_count == 11  # a MATLAB file that is none counts as one row
    records = {row["record_id"]: row for row in tables.records.to_dicts()}
    assert {key: row["resolved_by"] for key, row in records.items()} == {
        "mscoco/images/a.jpg": "exact",
        "framesdb/images/b.jpg": "exact",  # its only row is refused, the picture is not
        "ade20k/images/c.jpg": "nested",
    }
    assert records["ade20k/images/c.jpg"]["source_split"] == "test"
    people = tables.annotations.filter(pl.col("record_id") == "mscoco/images/a.jpg").to_dicts()
    assert [person["annotation_no"] for person in people] == [0, 1]
    first = people[0]
    assert first["native_labels"] == ["Engagement", "Happiness"]
    assert first["native_weights"] == [1.0, 1.0]
    assert (first["native_valence"], first["native_arousal"]) == (6.0, 5.5)
    assert first["native_dominance"] == 7.0
    assert first["person_box_px"] == [-4.0, 10.0, 600.0, 400.0]
    assert json.loads(first["attributes"]) == {"gender": "Male", "age": "Adult"}
    train = tables.rejects.filter(pl.col("path") == "emotic_pre/train.csv")
    assert dict(train.select("row", "reason").rows()) == {
        3: "unknown_label",
        4: "bad_number",
        5: "picture_missing",
        6: "bad_list",
        7: "bad_box",
        8: "out_of_range",
        9: "unsafe_path",
    }
    assert "Bliss" in train.filter(pl.col("row") == 3)["detail"].item()
    assert "Annotations/Annotations.mat" in tables.table_paths


def test_emotion6_keeps_the_distribution_and_the_keyword(tmp_path: Path) -> None:
    tables = read("emotion6", tmp_path, EMOTION6)
    row = tables.annotations.filter(pl.col("record_id") == "disgust/1.jpg").to_dicts()[0]
    weights = dict(zip(row["native_labels"], row["native_weights"], strict=True))
    assert weights["anger"] == 0.133333
    assert weights["disgust"] == 0.7
    assert weights["joy"] == 0.0666667
    assert sum(weights.values()) == pytest.approx(1, abs=1e-5)
    assert (row["native_valence"], row["scale_min"], row["scale_max"]) == (2.5, 1.0, 9.0)
    attributes = tables.records.filter(pl.col("record_id") == "joy/2.jpg")["attributes"].item()
    assert json.loads(attributes) == {"search_keyword": "joy"}
    assert reasons(tables) == {3: "bad_distribution", 4: "duplicate_row", 5: "picture_missing"}


def test_emotion6_in_two_parts_with_blanks_reads_the_same(tmp_path: Path) -> None:
    header, *lines = str(EMOTION6["ground_truth.txt"]).split("\n")
    head = header.replace("[image_filename]", "images-name").replace("\t", " ")
    parts = {
        "train_ground_truth.txt": f"{head}\n{lines[0].replace(chr(9), ' ')}\n",
        "test_ground_truth.txt": f"{head}\n{lines[1].replace(chr(9), '  ')}\n",
    }
    pictures = {path: "pixels" for path in EMOTION6 if path.endswith(".jpg")}
    tables = read("emotion6", tmp_path / "parts", {**pictures, **parts})
    whole = read("emotion6", tmp_path / "whole", EMOTION6)
    values = ["record_id", "native_labels", "native_weights", "native_valence", "native_arousal"]
    assert (
        tables.annotations.select(values)
        .sort("record_id")
        .equals(whole.annotations.select(values).sort("record_id"))
    )
    splits = dict(tables.records.select("record_id", "source_split").rows())
    assert splits == {"disgust/1.jpg": "train", "joy/2.jpg": "test"}


def test_oasis_reads_carriage_returns_and_strips_names(tmp_path: Path) -> None:
    tables = read("oasis", tmp_path, OASIS)
    assert tables.row_count == 4
    ways = dict(tables.records.select("record_id", "resolved_by").rows())
    assert ways == {"War 2": "stripped", "Beach 4": "exact", "Bee 1": "extension"}
    war = tables.annotations.filter(pl.col("record_id") == "War 2").to_dicts()[0]
    assert (war["native_valence"], war["native_valence_sd"], war["rater_count"]) == (1.8, 0.9, 101)
    assert (war["native_arousal"], war["native_arousal_sd"]) == (4.5, 1.7)
    assert war["native_labels"] is None
    facts = json.loads(tables.records.filter(pl.col("record_id") == "War 2")["attributes"].item())
    assert facts == {"category": "Person", "theme": "War", "origin": "Flickr/Jan Tik"}
    assert reasons(tables) == {3: "out_of_range", 4: "picture_missing"}
    assert "__MACOSX/images/._War 2.jpg" in tables.table_paths
    assert "__MACOSX/._OASIS.csv" in tables.table_paths


def test_affection_keys_pictures_by_dataset_and_marks_workers(tmp_path: Path) -> None:
    tables = read("affection", tmp_path, AFFECTION)
    assert sorted(tables.records["record_id"]) == [
        "coco_affective/1.jpg",
        "flickr30k_affective/1.jpg",
    ]
    rows = tables.annotations.to_dicts()
    assert [row["comment"] for row in rows] == [
        'calm, "blue"\nwater',
        "<script>alert(1)</script>",
        "dark",
    ]
    assert [row["native_labels"] for row in rows] == [["contentment"], ["something else"], ["fear"]]
    workers = [row["annotator_id"] for row in rows]
    assert workers[0] == workers[2] != workers[1]
    assert all(worker.startswith(WORKER) for worker in workers)
    hidden = [hide_workers(tables.annotations, "affection", salt)["annotator_id"] for salt in "ab"]
    assert not hidden[0].str.contains(WORKER).any()
    assert hidden[0][0] == hidden[0][2] != hidden[0][1]
    assert hidden[0][0] != hidden[1][0]  # another salt, another project
    assert reasons(tables) == {4: "unknown_label", 5: "picture_missing", 6: "missing_value"}


def test_affection_reads_the_preprocessed_file_where_both_are_there(tmp_path: Path) -> None:
    raw = "language/version_0/affection_raw_public_version_0.csv"
    preprocessed = raw.replace("raw", "preprocessed")
    content = (
        "workerid,utterance,emotion,dataset,image_name,tokens,split\n"
        "A1,x,awe,coco_affective,1.jpg,[],val\n"
    )
    tables = read("affection", tmp_path, {**AFFECTION, preprocessed: content})
    assert tables.row_count == 1
    assert tables.records["source_split"].to_list() == ["val"]
    assert {raw, preprocessed} <= tables.table_paths


def test_affection_is_read_by_either_reader_alike(tmp_path: Path) -> None:
    # A quote out of place sends the whole file to the csv module.
    regular = "workerid,utterance,emotion\n" + 'A,"x, ""y""\nz",awe\nB,"",\n,,\nC,d\nD,e,f,g\n'
    listing = lay(tmp_path, {"a.csv": regular, "b.csv": regular + 'E,5" tall,awe\n'})
    fast = read_annotation_file(listing, "a.csv").cells
    slow = read_annotation_file(listing, "b.csv").cells
    assert fast.fill_null("").equals(slow.head(4).fill_null(""))
    assert slow["1"].to_list()[-1] == '5" tall'
    assert fast["surplus"].to_list() == [None, None, None, "g"]


def test_folder_refuses_each_bad_row_with_its_reason(tmp_path: Path) -> None:
    tables = read("folder", tmp_path, FOLDER)
    assert tables.table_paths == {"labels.csv"}
    assert tables.records["path"].to_list() == ["a.jpg", "notes.txt", "sub/deep/b.PNG"]
    assert tables.records["resolved_by"].to_list() == ["exact", "exact", "nested"]
    first, second = tables.annotations.to_dicts()
    assert first["native_labels"] == [" Joy "]  # as found
    assert (first["native_valence"], first["native_arousal"]) == (0.9, 0.5)
    assert (first["comment"], first["annotator_id"]) == ("a, b", "labels.csv")
    assert json.loads(first["attributes"]) == {"place": "here"}
    assert (second["record_id"], second["native_valence"]) == ("sub/deep/b.PNG", 0.25)
    assert second["native_labels"] is None
    assert reasons(tables) == {
        3: "picture_missing",
        4: "unsafe_path",
        5: "unsafe_path",
        6: "duplicate_row",
        7: "unknown_label",
        8: "bad_number",
        9: "bad_number",
        10: "empty_row",  # NaN is a placeholder for nothing
        11: "empty_row",
        12: "missing_value",
        13: "surplus_cells",
    }
    details = dict(tables.rejects.select("row", "detail").rows())
    assert "high" in details[8]
    assert "../x" in details[4]
    assert details[7].startswith("emotion = bliss; known are amusement, ")


def test_a_near_miss_of_a_label_is_named(tmp_path: Path) -> None:
    table = "file,emotion\na.jpg,Sadnes\nb.jpg,feer\nc.jpg,joy\na.jpg,hapiness\n"
    tables = read(
        "folder", tmp_path, {**dict.fromkeys(("a.jpg", "b.jpg"), "x"), "labels.csv": table}
    )
    details = dict(tables.rejects.select("row", "detail").rows())
    assert details[1] == "emotion = Sadnes; did you mean sadness?"
    assert details[2] == "emotion = feer; did you mean fear?"
    assert details[4].startswith("emotion = hapiness; known are ")


def test_a_number_out_of_range_is_told_its_range(tmp_path: Path) -> None:
    details = dict(read("oasis", tmp_path, OASIS).rejects.select("row", "detail").rows())
    assert details[3].endswith("; the range is 1.0..7.0")


def test_folder_without_the_file_column_is_refused_row_by_row(tmp_path: Path) -> None:
    tables = read(
        "folder", tmp_path, {"a.jpg": "p", "labels.csv": "picture,emotion\na.jpg,joy\n\nb,joy"}
    )
    assert reasons(tables) == {1: "missing_column", 2: "missing_column"}
    assert tables.records.height == 1


@pytest.mark.parametrize("separator", [";", "\t"])
def test_folder_takes_other_separators_and_windows_text(separator: str, tmp_path: Path) -> None:
    text = "File,Caption\r\na.jpg,caf\xe9 \x96 x\r\n".replace(",", separator)
    tables = read("folder", tmp_path, {"a.jpg": "p", "labels.csv": text.encode("latin-1")})
    assert tables.annotations["comment"].to_list() == ["café – x"]  # noqa: RUF001


def test_one_damaged_byte_leaves_the_rest_of_the_text() -> None:
    assert decode_text("é".encode() + b"\xe9" + "é\r\nü\r".encode()) == "ééé\nü\n"


def test_names_are_found_in_the_least_surprising_way() -> None:
    index = PictureIndex(
        ["a/x.jpg", "b/y.JPG", "z 1.png", "n/m/deep.jpg", "q.png", "q.gif", "Up.jpg", "e\\f.jpg"]
    )
    assert index.find("x.jpg", ("a/", "")) == ("a/x.jpg", "exact", None)
    assert index.find(" a/x.jpg ") == ("a/x.jpg", "stripped", None)
    assert index.find("a\\x.jpg") == ("a/x.jpg", "exact", None)
    assert index.find("./a//x.jpg") == ("a/x.jpg", "exact", None)
    assert index.find("b/y.jpg") == ("b/y.JPG", "extension", None)
    assert index.find("z 1 .jpg") == ("z 1.png", "extension", None)
    assert index.find("up.jpg") == ("Up.jpg", "case", None)
    assert index.find("deep.jpg") == ("n/m/deep.jpg", "nested", None)
    assert index.find("e\\f.jpg") == ("e\\f.jpg", "exact", None)
    assert index.find("q.bmp") == (None, None, "ambiguous_picture")
    assert index.find("q.png") == ("q.png", "exact", None)
    for name in ("../a/x.jpg", "/a/x.jpg", "C:\\a\\x.jpg", "a/../../x.jpg", "a/x.jpg\0", "a/.. /x"):
        assert index.find(name) == (None, None, "unsafe_path")
    assert index.find("nope.jpg") == (None, None, "picture_missing")
