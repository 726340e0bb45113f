"""Published files: what is in them, that their consumers can read them, and planted violations."""

import ast
import hashlib
import json
import re
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from eemo_pipeline.discovery import discover
from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.readers.emoverse_records import (
    ReleasedRecord,
    parse_record,
    write_card,
    write_repository,
)
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    range_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.exports import formats
from eemo_pipeline.stages.exports.consumer_rules import as_seen, broken_rules
from eemo_pipeline.stages.exports.formats import Exporter, Tables, parquet_bytes
from eemo_pipeline.stages.exports.publish import Published, publish
from tests.support.sources import read_files

HOSTILE_PATH = 'holi"day\n/\u00e9t\u00e9 <image>.png'
PATHS = {"a": "one.png", "b": HOSTILE_PATH}
REGION = {
    **{"x1_px": 1.0, "y1_px": 2.0, "x2_px": 6.0, "y2_px": 7.0, "score": 0.5},
    **{"mask_size_px": [4, 4], "mask_counts": [5, 2, 9]},
}
FORMATS = sorted(discover(formats, "EXPORTER", Exporter))


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def item(item_id: str, split: str = "train", **fields: Any) -> dict[str, Any]:
    known = {
        "item_id": item_id,
        "template": "t",
        "category": "perception",
        "question_type": "what_how",
        "image_ids": ["a"],
        "question": "Which emotion?",
        "options": ["joy", "fear", "anger"],
        "answer": "fear",
        "answer_letter": "B",
        "split": split,
        "sources": ["folder"],
        "facts": "{}",
    }
    return known | fields


def scored(item_id: str, split: str, **fields: Any) -> dict[str, Any]:
    known = {
        "item_id": item_id,
        "task": "dominant_emotion",
        "image_id": "b",
        "question": "Which of joy, fear?",
        "answer": "Dominant emotion: joy",
        "candidates": ["joy", "fear"],
        "split": split,
        "source": "folder",
    }
    return known | fields


def record(image_id: str, split: str, **fields: Any) -> dict[str, Any]:
    known = {
        "image_id": image_id,
        "source": "folder",
        "split": split,
        "image_path": f"sources/folder/{PATHS[image_id]}",
        "state": "preserved",
        "description": "A square of one colour.",
        "background": "Sun-dappled \u201cpark\u201d",
        "attribute": "Calm",
        "subject": "Square",
        "emotion": "awe",
        "confidence": 7.0,
        "boxes_px": [1, 2, 6, 7, 0, 0, 8, 8],
    }
    return known | fields


def fill(root: Path) -> Path:
    """Place two images in a data root, one of them with a name that breaks naive writers."""
    for number, path in enumerate(PATHS.values()):
        place = root / "sources" / "folder" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)).save(place)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fill(tmp_path)


def tables(root: Path) -> Tables:
    open_ended = {"question_type": "open", "options": [], "answer_letter": None}
    return Tables(
        qa=frame(
            "qa__items",
            [
                item(
                    "2",
                    image_ids=["b", "a"],
                    **open_ended,
                    answer="A <image> of\n\u201ctext\u201d.",
                ),
                item("1", question='Which "emotion"\t<image>?'),
                item("3", split="test", image_ids=["b"]),
                item("4", split="test", **open_ended, answer="[A] text."),
                item("5", split="test", image_ids=["b", "a"]),
            ],
        ),
        assess=frame(
            "assess__items",
            [
                scored("9", "train"),
                scored("8", "test"),
                scored("7", "train", task="vad", dimension="valence", target=0.5, candidates=[])
                | {"answer": "Valence: 0.5000"},
            ],
        ),
        images=frame(
            "dedup__images",
            [
                {
                    "image_id": key,
                    "source": "folder",
                    "path": path,
                    "size_bytes": (root / "sources" / "folder" / path).stat().st_size,
                    "width_px": 8,
                    "height_px": 8,
                }
                for key, path in PATHS.items()
            ],
        ),
        emotions=frame(
            "labels__emotions",
            [
                {"image_id": "a", "taxonomy": "ekman7", "emotion": emotion, "mass": mass}
                | {"rater_count": 10, "semantics": "evoked"}
                for emotion, mass in (("fear", 0.2), ("joy", 0.8))
            ],
        ),
        vad=frame(
            "labels__vad",
            [
                {"image_id": "a", "origin": "lexicon:y", "valence": 0.2, "is_best": False},
                {"image_id": "a", "origin": "rated:x", "is_best": True}
                | {"valence": 0.9, "valence_sd": 0.1},
            ],
        ),
        descriptions=frame(
            "texts__descriptions", [{"image_id": "a", "status": "ok", "text": "A square."}]
        ),
        reasonings=frame("texts__reasonings", []),
        rankings=frame("labels__rankings", []),
        records=frame(
            "records__emoverse",
            [
                record("a", "train", external_id="Awe000001"),
                record("b", "test", boxes_px=[], description=None, confidence=2.5),
                record("a", "train", state="human"),
            ],
        ),
        regions=frame("records__regions", [{"image_id": "a", "region_no": 1, **REGION}]),
    )


def publish_in(
    root: Path, chosen: Tables | None = None, formats: tuple[str, ...] = ()
) -> Published:
    return publish(chosen or tables(root), root / "exports", root, formats)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def test_every_published_file_is_listed_as_it_lies_on_disk(root: Path) -> None:
    files = publish_in(root).files
    table, lazy = TABLES["exports__files"], conform(files, TABLES["exports__files"]).lazy()
    for violations in (key_violations, null_violations, range_violations, vocabulary_violations):
        assert not violations(lazy, table)
    on_disk = sorted(
        path.relative_to(root).as_posix()
        for path in (root / "exports").rglob("*")
        if path.is_file()
    )
    assert files["path"].to_list() == on_disk
    for row in files.rows(named=True):
        content = (root / row["path"]).read_bytes()
        assert row["size_bytes"] == len(content)
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert set(files["format"]) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_named_after_its_file_and_holds_every_item(root: Path, name: str) -> None:
    assert discover(formats, "EXPORTER", Exporter)[name].name == name
    published = publish_in(root, formats=(name,))
    assert published.violations.is_empty()
    counts = (
        published.files.drop_nulls("dataset")
        .group_by("dataset", "split")
        .agg(pl.col("row_count").sum())
    )
    expected = {
        ("qa", "train"): 2,
        ("qa", "test"): 3,
        ("assess", "train"): 2,
        ("assess", "test"): 1,
        # in each of the two layouts
        ("records", "train"): 2,
        ("records", "test"): 2,
    }
    found = {(dataset, split): count for dataset, split, count in counts.rows()}
    datasets = {dataset for dataset, _ in found}
    of_test = ("vlmevalkit", "lmms_eval", "inspect_ai")
    splits = {"test"} if name in of_test else {"train", "test"}
    assert found == {
        key: count for key, count in expected.items() if key[0] in datasets and key[1] in splits
    }


def test_a_conversation_shows_as_many_marks_as_pictures(root: Path) -> None:
    publish_in(root, formats=("llava",))
    choice, open_ended = lines(root / "exports/llava/qa_train.jsonl")
    assert choice == {
        "id": "1",
        "image": "sources/folder/one.png",
        "conversations": [
            {
                "from": "human",
                "value": '<image>\nWhich "emotion"\t(image)?\nA. joy\nB. fear\nC. anger',
            },
            {"from": "gpt", "value": "B. fear"},
        ],
    }
    assert open_ended == {
        "id": "2",
        "image": [f"sources/folder/{HOSTILE_PATH}", "sources/folder/one.png"],
        "conversations": [
            {"from": "human", "value": "<image>\n<image>\nWhich emotion?"},
            {"from": "gpt", "value": "A (image) of\n\u201ctext\u201d."},
        ],
    }


def test_the_released_layout_is_json_with_labels_of_pictures_and_pairs(root: Path) -> None:
    publish_in(root, formats=("eemodb",))
    folder = root / "exports" / "eemodb"

    def load(name: str) -> list[dict[str, Any]]:
        return json.loads((folder / name).read_text())

    assert {row["image_name"] for row in load("image_mapping.json")} == {
        f"sources/folder/{path}" for path in PATHS.values()
    }
    labels = {row["image_name"]: row for row in load("QA_data(SFT).json")}
    one = labels["sources/folder/one.png"]
    assert one["emotion_list"] == [["joy", 8], ["fear", 2]]
    assert (one["emotion_unit"], one["semantics"]) == ("votes", "evoked")
    assert (one["Valence"], one["vad_origin"]) == ([0.9, 0.1], "rated:x")
    assert one["Arousal"] is None
    # as EEmo-Logic's scripts index them
    assert (one["emotion_list"][0][0], one["Valence"][0]) == ("joy", 0.9)
    assert one["description"] == "A square."
    (pair,) = load("QA_data(pair-SFT).json")
    assert pair["image2_label"]["emotion_list"][0] == ["joy", 8]
    answers = [row["answer"] for row in load("EEmoDB-Assess/RL(conversation_train).json")]
    assert answers == ["Valence: 0.5000", "Dominant emotion: joy(joy, fear)"]
    assert len(load("EEmoDB-QA/QA_data(conversation_test).json")) == 3


def test_a_share_is_no_vote_and_the_ranking_orders_what_is_equal(root: Path) -> None:
    given_ = tables(root)
    emotions = [
        {"image_id": "a", "taxonomy": "ekman7", "emotion": emotion, "mass": mass}
        for emotion, mass in (("anger", 0.25), ("fear", 0.25), ("joy", 0.25), ("sadness", 0.25))
    ]
    ranking = {"image_id": "a", "status": "ok", "ranking": ["sadness", "joy", "fear"]}
    chosen = replace(
        given_,
        emotions=frame("labels__emotions", emotions),
        rankings=frame("labels__rankings", [ranking]),
    )
    published = publish_in(root, chosen, formats=("eemodb",))
    assert published.violations.is_empty()
    labels = json.loads((root / "exports/eemodb/QA_data(SFT).json").read_text())
    (one,) = [row for row in labels if row["image_name"].endswith("one.png")]
    assert one["emotion_list"] == [["sadness", 0.25], ["joy", 0.25], ["fear", 0.25]]
    assert one["emotion_unit"] == "share"


def test_records_have_the_names_of_both_released_layouts(root: Path) -> None:
    assert publish_in(root, formats=("emoverse",)).violations.is_empty()
    folder = root / "exports" / "emoverse"
    (one,) = json.loads((folder / "repository/annotations_train.json").read_text())
    assert one == {
        "id": "Awe000001",
        "image_path": "sources/folder/one.png",
        "description": "A square of one colour.",
        "emotion": "Awe",
        "confidence": 7.0,
        "background": "Sun-dappled \u201cpark\u201d",
        "attribute": "Calm",
        "subject": "Square",
        "B-A-S": "Sun-dappled \u201cpark\u201d-Calm-Square",
        "DES": None,
        "bbox": [{"x1": 1, "y1": 2, "x2": 6, "y2": 7}, {"x1": 0, "y1": 0, "x2": 8, "y2": 8}],
        "mask_path": None,
    }
    (other,) = lines(folder / "card" / "test.jsonl")
    assert other == {
        "image": f"sources/folder/{HOSTILE_PATH}",
        "description": None,
        "emotion_category": "Awe",
        "confidence_score": 3,
        "background": "Sun-dappled \u201cpark\u201d",
        "attribute": "Calm",
        "subject": "Square",
        "DES_representation": None,
        "bounding_box": [],
        "source": "folder",
    }
    hidden = json.loads((folder / "repository/annotations_test.json").read_text())
    assert hidden[0]["id"] == "b"  # the opaque image_id, which does not tell the label


RELEASED = st.builds(
    ReleasedRecord,
    external_id=st.text("0123456789A ", min_size=1).filter(str.strip),
    image=st.just("a/b.jpg"),
    **{
        name: st.none() | st.text().map("the {}".format)
        for name in ("description", "background", "attribute", "subject")
    },
    emotion=st.sampled_from([name.capitalize() for name in MIKELS_8]),
    confidence=st.integers(1, 10).map(float),
    boxes=st.lists(
        st.tuples(*[st.integers(0, 99)] * 2, *[st.integers(100, 9999)] * 2), max_size=3
    ).map(tuple),
    origin=st.just("emoset"),
)


@settings(max_examples=100, deadline=None)
@given(written=RELEASED)
def test_a_record_in_either_layout_is_read_back(written: ReleasedRecord) -> None:
    for write, lacks in (
        (write_repository, {"origin": None}),
        (write_card, {"external_id": None}),
    ):
        released = json.loads(json.dumps(write(written)))
        found, unusable = parse_record(released)
        assert unusable == {}
        assert found == replace(written, **lacks)
        assert write(found) == released


def test_what_is_exported_can_be_ingested_again(root: Path) -> None:
    publish_in(root, formats=("emoverse",))
    for layout in ("repository", "card"):
        files = {
            path.name: path.read_bytes() for path in (root / "exports/emoverse" / layout).iterdir()
        }
        pictures = {f"sources/folder/{path}": b"x" for path in PATHS.values()}
        told = read_files("emoverse", files | pictures)
        assert told.rejects.is_empty()
        assert set(told.annotations["native_labels"].explode()) == {"Awe"}
        facts = [json.loads(text) for text in told.records["attributes"]]
        assert [[1, 2, 6, 7], [0, 0, 8, 8]] in [fact.get("boxes") for fact in facts]
        assert {fact["subject"] for fact in facts} == {"Square"}


def test_hugging_face_loads_the_folder_and_the_trl_files(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.chdir(root)
    publish_in(root, formats=("huggingface", "trl", "sharegpt"))
    cache = str(root / "cache")
    loaded = datasets.load_dataset("exports/huggingface", "qa", cache_dir=cache)
    assert {name: part.num_rows for name, part in loaded.items()} == {"train": 2, "test": 3}
    sft = datasets.load_dataset(
        "parquet", data_files="exports/trl/sft_train.parquet", split="train", cache_dir=cache
    )
    pictures = datasets.List(datasets.Image())
    second = sft.cast_column("images", pictures)[1]
    assert [picture.size for picture in second["images"]] == [(8, 8), (8, 8)]
    assert second["prompt"] == [{"role": "user", "content": "Which emotion?"}]
    assert second["completion"][0]["role"] == "assistant"
    grpo = datasets.load_dataset(
        "parquet", data_files="exports/trl/grpo_train.parquet", split="train", cache_dir=cache
    )
    assert grpo["solution"][:] == ["Valence: 0.5000", "Dominant emotion: joy"]
    assert grpo.cast_column("images", pictures)[0]["images"][0].size == (8, 8)
    info = json.loads((root / "exports/sharegpt/dataset_info.json").read_text())
    chats = datasets.load_dataset(
        "json",
        data_files=f"exports/sharegpt/{info['eemodb_train']['file_name']}",
        split="train",
        cache_dir=cache,
    )
    assert [turn["role"] for turn in chats[0]["messages"]] == ["user", "assistant"]


FILES = (
    *("verl/assess_train", "trl/sft_train", "trl/grpo_train", "parquet/qa_train"),
    *("parquet/assess_train", "huggingface/qa/train", "huggingface/assess/train"),
)


@pytest.mark.parametrize("name", FILES)
def test_parquet_has_the_types_that_pyarrow_gives_the_same_rows(root: Path, name: str) -> None:
    """`datasets.concatenate_datasets`, which verl calls, refuses files whose types differ."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    publish_in(root)
    ours = pq.ParquetFile(root / "exports" / f"{name}.parquet").read()
    theirs = pa.Table.from_pylist(ours.to_pylist())
    assert [
        (mine, other)
        for mine, other in zip(ours.schema, theirs.schema, strict=True)
        if not mine.equals(other) and "null" not in str(other.type)
    ] == []
    assert not re.search("large|view|dictionary|null", str(ours.schema))


def test_a_file_for_verl_can_be_concatenated_with_another(root: Path) -> None:
    datasets = pytest.importorskip("datasets")
    publish_in(root, formats=("verl",))
    published = str(root / "exports/verl/assess_train.parquet")

    def load(path: str) -> Any:
        cache = str(root / "cache")
        return datasets.load_dataset("parquet", data_files=path, split="train", cache_dir=cache)

    ours = load(published)
    datasets.Dataset.from_list(ours.to_list()).to_parquet(root / "theirs.parquet")
    assert datasets.concatenate_datasets([ours, load(str(root / "theirs.parquet"))]).num_rows == 4


def test_a_file_of_pandas_is_concatenated_after_the_cast_of_the_readme(root: Path) -> None:
    import pandas

    datasets = pytest.importorskip("datasets")
    publish_in(root, formats=("verl",))
    published = root / "exports/verl/assess_train.parquet"
    pandas.read_parquet(published).to_parquet(root / "theirs.parquet")

    def load(path: Path) -> Any:
        cache = str(root / "cache")
        return datasets.load_dataset(
            "parquet", data_files=str(path), split="train", cache_dir=cache
        )

    ours, theirs = load(published), load(root / "theirs.parquet")
    both = datasets.concatenate_datasets([ours, theirs.cast(ours.features)])
    assert both.to_list() == ours.to_list() * 2


def test_rows_of_every_table_pass_through_parquet_unchanged(root: Path) -> None:
    given = tables(root)
    for rows in (given.qa, given.assess, given.images, given.emotions, given.vad):
        (content,) = parquet_bytes(rows)
        assert pl.read_parquet(content).equals(rows)


def test_pandas_reads_the_tsv_of_vlmevalkit(root: Path) -> None:
    import pandas

    def read(name: str) -> dict[str, list[Any]]:
        path = root / "exports" / "vlmevalkit" / name
        table = pandas.read_csv(path, sep="\t")
        return {str(column): table[column].to_list() for column in table}

    publish_in(root, formats=("vlmevalkit",))
    choices = read("choices_test.tsv")
    assert choices["index"] == [0, 1]
    assert choices["answer"] == ["B", "B"]
    assert choices["image_path"][0] == f"sources/folder/{HOSTILE_PATH}"
    assert json.loads(choices["image_path"][1]) == [
        f"sources/folder/{HOSTILE_PATH}",
        "sources/folder/one.png",
    ]
    assert read("open_test.tsv")["answer"] == ["[A] text."]


def test_lmms_eval_finds_task_images_prompt_and_mark(root: Path) -> None:
    publish_in(root, formats=("lmms_eval",))
    folder = root / "exports" / "lmms_eval"
    text = (folder / "eemodb_choices.yaml").read_text().replace("!function ", "")
    task = yaml.safe_load(text)
    assert task["task"] == "eemodb_choices"
    items = pl.read_parquet(root / task["dataset_kwargs"]["data_files"]["test"]).to_dicts()
    spec = spec_from_file_location("utils", folder / "utils.py")
    assert spec
    assert spec.loader
    functions = module_from_spec(spec)
    spec.loader.exec_module(functions)
    assert [image.mode for image in functions.doc_to_visual(items[1])] == ["RGB", "RGB"]
    assert functions.doc_to_text(items[0]).splitlines()[-4:] == [
        *("A: joy", "B: fear", "C: anger", "Answer with the letter of one option alone."),
    ]
    assert functions.process_results(items[0], [" B. fear"]) == {"exact_match": 1.0}
    assert functions.process_results(items[0], ["A"]) == {"exact_match": 0.0}
    assert functions.doc_to_text({"question": "Why?", "options": []}) == "Why?"


def test_inspect_ai_finds_three_tasks_and_their_items(root: Path) -> None:
    publish_in(root, formats=("inspect_ai",))
    folder = root / "exports" / "inspect_ai"
    code = ast.parse((folder / "eemodb.py").read_text())
    tasks = [node.name for node in code.body if isinstance(node, ast.FunctionDef)]
    assert tasks[:3] == ["choices", "open_questions", "assess"]
    choice = lines(folder / "choices_test.jsonl")[0]
    assert (choice["answer"], choice["options"]) == ("B", ["joy", "fear", "anger"])
    assert (root / choice["images"][0]).is_file()


def test_verl_rows_hold_what_a_rule_needs(root: Path) -> None:
    publish_in(root, formats=("verl",))
    first = pl.read_parquet(root / "exports/verl/assess_train.parquet").row(0, named=True)
    assert first["prompt"] == [{"role": "user", "content": "<image>\nWhich of joy, fear?"}]
    assert first["images"] == [{"image": f"sources/folder/{HOSTILE_PATH}"}]
    assert first["reward_model"] == {"style": "rule", "ground_truth": "Valence: 0.5000"}
    assert first["extra_info"]["target"] == 0.5


def test_the_same_items_in_any_order_change_no_file(root: Path) -> None:
    first = publish_in(root)
    times = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    given = tables(root)
    turned = replace(given, qa=given.qa.reverse(), images=given.images.reverse())
    again = publish_in(root, turned)
    assert again.files.equals(first.files)
    assert times == {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def test_a_part_that_lost_its_rows_loses_its_file(root: Path) -> None:
    publish_in(root)
    kept = root / "exports/llava/notes of the user.txt"
    kept.write_text("mine")
    given = tables(root)
    fewer = replace(
        given,
        qa=given.qa.filter(split="train"),
        assess=given.assess.clear(),
        records=given.records.filter(split="train"),
    )
    files = publish_in(root, fewer).files
    on_disk = {path for path in (root / "exports").rglob("*") if path.is_file()}
    assert on_disk == {kept, *(root / path for path in files["path"])}
    assert not [path for path in files["path"] if "test" in path]


def test_nothing_in_publishes_nothing(tmp_path: Path) -> None:
    names = (
        "qa__items assess__items dedup__images labels__emotions labels__vad texts__descriptions "
        "texts__reasonings labels__rankings records__emoverse records__regions"
    )
    empty = Tables(*(TABLES[name].empty() for name in names.split()))
    published = publish(empty, tmp_path / "exports", tmp_path)
    assert conform(published.files, TABLES["exports__files"]).is_empty()
    assert published.violations.is_empty()
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_an_unknown_format_is_refused_by_name(root: Path) -> None:
    with pytest.raises(ValueError, match=r"no export format 'yolo'; there are .*llava"):
        publish_in(root, formats=("yolo",))


def test_a_picture_that_went_or_changed_is_named(root: Path) -> None:
    given = tables(root)
    one, other = (root / "sources" / "folder" / path for path in PATHS.values())
    one.unlink()
    other.write_bytes(other.read_bytes() + b"more")
    rules = publish_in(root, given).violations
    assert set(rules["rule"]) == {"picture_missing", "picture_changed"}
    assert set(rules["path"].str.split("/").list.get(1)) == set(FORMATS)


ENTRY = {
    "item_id": "1",
    "images": ["sources/x.png"],
    "prompt": "<image>\nWhich?",
    "answer": "B. fear",
    "roles": ["user", "assistant"],
    "answer_letter": "B",
    "options": ["joy", "fear", "", ""],
}
PLANTED = {
    "marks_differ": {"prompt": "<image>\n<image>\nWhich?"},
    "mark_in_answer": {"answer": "<image>"},
    "roles_do_not_alternate": {"roles": ["user", "user"]},
    "answer_empty": {"answer": "  "},
    "question_empty": {"prompt": "<image>\n"},
    "letter_without_option": {"answer_letter": "C"},
    "picture_outside": {"images": ["sources/../../etc/passwd"]},
    "emotion_unknown": {"emotions": ["joy", "bliss"]},
    "votes_not_descending": {"votes": [[3.0, 3.0], [1.0, 2.0]]},
    "mean_outside": {"means": [0.5, 6.0]},
}


def judge(root: Path, *entries: dict[str, Any], row_count: int | None = None) -> list[str]:
    place = root / "sources"
    place.mkdir(exist_ok=True)
    (place / "x.png").write_bytes(b"12345")
    images = pl.DataFrame({"image": ["sources/x.png"], "size_bytes": [5]})
    seen = as_seen(pl.DataFrame(list(entries)))
    count = len(entries) if row_count is None else row_count
    return sorted(set(broken_rules(seen, count, images, root)["rule"]))


@pytest.mark.parametrize("rule", sorted(PLANTED))
def test_a_planted_violation_of_each_rule_is_caught(tmp_path: Path, rule: str) -> None:
    assert judge(tmp_path, ENTRY) == []
    assert judge(tmp_path, ENTRY | PLANTED[rule]) == [rule]


def test_repeated_and_lost_entries_are_caught(tmp_path: Path) -> None:
    assert judge(tmp_path, ENTRY, ENTRY) == ["item_repeated"]
    assert judge(tmp_path, ENTRY, row_count=2) == ["entries_lost"]
    assert judge(tmp_path, ENTRY | {"images": ["/etc/passwd"]}) == ["picture_outside"]


@settings(max_examples=30, deadline=None)
@given(words=st.lists(st.text(max_size=30), min_size=3, max_size=3))
def test_any_words_pass_through_every_format(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    root = tmp_path_factory.mktemp("words")
    place = root / "sources" / "folder" / "one.png"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    (root / "sources" / "folder" / 'holi"day\n').mkdir()
    (root / "sources" / "folder" / HOSTILE_PATH).write_bytes(b"x")
    question, answer, option = (f"q{word}" for word in words)
    spoken = item("1", split="test", question=question, answer=answer, options=[option, answer])
    given_ = tables(root)
    published = publish_in(root, replace(given_, qa=frame("qa__items", [spoken])))
    assert published.violations.is_empty()
    (row,) = lines(root / "exports/sharegpt/qa_test.jsonl")
    assert row["messages"][1]["content"] == f"B. {answer}".replace("<image>", "(image)")


# What a glob, a query string, an escape or a partition would be in a path.
AWKWARD = st.text(st.sampled_from("ab[]{}*?!^-\\%4#&=,:~'\" \n"), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None)
@given(name=AWKWARD)
def test_a_folder_is_a_name_and_no_pattern(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    root = fill(tmp_path_factory.mktemp("roots") / name)
    published = publish_in(root)
    assert published.violations.is_empty()
    assert set(published.files["format"]) == set(FORMATS)
