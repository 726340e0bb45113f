import json
from pathlib import Path
from shutil import copytree
from typing import Any

import polars as pl
import pytest

from eemo_pipeline.emotion.taxonomies import EKMAN_7, MIKELS_8
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.schema.tables import TABLES, Table
from eemo_pipeline.stats.hash_draws import short_hash

World = dict[str, list[dict[str, Any]]]
PICTURES = 88  # eleven per Mikels emotion, so that no statistic deserves a warning
TASKS = ("ranking", "vad", "dominant_emotion")
ANNOTATORS = ("ann", "bob")


def fill(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with the least value that each missing column allows."""

    def least(column):
        if column.name in table.optional:
            return None
        if isinstance(column.dtype, pl.List):
            return []
        if column.dtype == pl.String:
            return column.values[0] if column.values else "x"
        return False if column.dtype == pl.Boolean else column.minimum or 0

    return {column.name: row.get(column.name, least(column)) for column in table.definitions}


def picture_id(number: int) -> str:
    return f"{number:02x}" * 32


def make_world() -> World:
    """Rows in which every rule holds: 88 kept pictures, an exact copy and a near-duplicate."""
    world: World = {name: [] for name in TABLES}
    add_sources(world)
    for number in range(PICTURES):
        split = {8: "validation", 9: "test"}.get(number % 10, "train")
        add_picture(world, number, split)
        add_judgements(world, number, split)
        add_items(world, number, split)
    add_label_tables(world)
    add_templates(world)
    add_copies(world)
    add_files(world)
    add_releases(world)
    add_expansion(world)
    return world


def add_sources(world: World) -> None:
    world["sources__datasets"] += [
        {"source": source, "role": "training", "state": "complete", "expected_files": None}
        for source in ("folder", "oasis")
    ]
    world["_ingest__counts"] += [
        {
            "source": "folder",
            "unit": "file",
            "found": PICTURES + 3,
            "kept": PICTURES + 2,
            "refused": 1,
        },
        {
            "source": "folder",
            "unit": "row",
            "found": PICTURES + 2,
            "kept": PICTURES + 1,
            "refused": 1,
        },
    ]
    world["ingest__words"] += [
        {"source": "folder", "word": "null", "table_path": "words.csv", "row": 1}
    ]
    world["ingest__rejects"] += [
        {"source": "folder", "path": "broken.jpg", "row": None, "reason": "undecodable"},
        {"source": "folder", "path": "labels.csv", "row": 999, "reason": "bad_number"},
    ]


def add_picture(world: World, number: int, split: str) -> None:
    image_id, emotion = picture_id(number), MIKELS_8[number % 8]
    ekman = EKMAN_7[number % 7]
    second = EKMAN_7[(number + 1) % 7]
    place = {"image_id": image_id, "source": "folder", "path": f"{number}.jpg"}
    sources = ["folder", "oasis"] if number == 1 else ["folder"]
    size = {"width_px": 100, "height_px": 80, "sources": sources}
    world["ingest__records"].append({**place, "record_id": f"{number}", "annotation_count": 1})
    world["ingest__annotations"].append(
        {
            **place,
            "record_id": f"{number}",
            "table_path": "labels.csv",
            "row": number + 1,
            "native_labels": [emotion],
            "native_weights": [1.0],
            "comment": "The lake is so still",
        }
    )
    world["_ingest__measurements"].append(place)
    world["ingest__images"].append({**place, **size})
    cluster = {"image_id": image_id, "cluster_id": image_id}
    world["dedup__clusters"].append({**cluster, "is_kept": True, "kept_image_id": image_id})
    world["dedup__images"].append({**place, **size, **cluster, "split": split})
    for taxonomy, masses in (("mikels8", {emotion: 1.0}), ("ekman7", {ekman: 0.6, second: 0.3})):
        world["labels__emotions"] += [
            {
                "image_id": image_id,
                "taxonomy": taxonomy,
                "emotion": name,
                "mass": mass,
                "lost_mass": round(1 - sum(masses.values()), 6),
                "rater_count": 5,
                "sources": ["folder"],
            }
            for name, mass in masses.items()
        ]
    world["labels__rankings"].append(
        {
            "image_id": image_id,
            "status": "ok",
            "ranking": [ekman, second],
            "dominant_emotion": ekman,
        }
    )
    world["labels__vad"].append(
        {
            "image_id": image_id,
            "origin": "rated:folder",
            "source": "folder",
            "valence": number / 100,
            "arousal": 0.5,
            "dominance": 0.5,
            "is_best": True,
        }
    )


def add_label_tables(world: World) -> None:
    """Two values from comments, what mapping lost, and the sheet that experts get."""
    for number in (1, 2):
        world["labels__vad"].append(
            {
                "image_id": picture_id(number),
                "origin": "lexicon:oasis",
                "source": "oasis",
                "valence": number / 10,
                "arousal": 0.5,
                "dominance": 0.5,
                "lexicon": "warriner",
                "lexicon_word_count": 3,
            }
        )
    world["labels__label_fates"] += [
        {
            "source": "folder",
            "label_space": "affection9",
            "taxonomy": taxonomy,
            "label": label,
            "fate": fate,
            "emotion": emotion,
            "label_share": share,
        }
        for taxonomy in ("mikels8", "ekman7")
        for label, fate, emotion, share in (
            ("fear", "mapped", "fear", 0.9),
            ("something else", "dropped", None, 0.1),
        )
    ]
    world["_labels__coverage"] += [
        {
            "source": "folder",
            "kind": kind,
            "reason": reason,
            "annotation_count": PICTURES - 1 if reason == "used" else 1,
        }
        for kind in ("mikels8", "ekman7", "comments")
        for reason in ("used", "all_mass_lost")
    ]
    world["labels__validation_items"].append({"image_id": picture_id(1), "sheet_no": 1})


def add_judgements(world: World, number: int, split: str) -> None:
    image_id, emotion = picture_id(number), MIKELS_8[number % 8]
    triplet = {"description": "d", "background": "b", "attribute": "a", "subject": "s"}
    said = {"emotion": emotion, "intensity": 5, **triplet}
    distribution = [float(name == emotion) for name in MIKELS_8]
    world["annotation__replies"] += [
        {
            **said,
            "image_id": image_id,
            "annotator": annotator,
            "round": 1,
            "status": "ok",
            "alternatives": ["awe"],
            "alternative_probabilities": [0.2],
        }
        for annotator in ANNOTATORS
    ]
    world["_verification__features"].append(
        {"image_id": image_id, "status": "ok", "features": [0.5, 1.5]}
    )
    world["verification__replies"].append(
        {
            "image_id": image_id,
            "verifier": "probe",
            "status": "ok",
            "emotion": emotion,
            "probability": 1.0,
            "distribution": distribution,
        }
    )
    decided = {**said, "image_id": image_id, "confidence": 8.0, "distribution": distribution}
    world["verification__decisions"].append(decided)
    world["grounding__regions"].append(
        {
            "image_id": image_id,
            "region_no": 1,
            "status": "ok",
            "x1_px": 1.0,
            "y1_px": 2.0,
            "x2_px": 99.0,
            "y2_px": 79.0,
            "mask_size_px": [2, 3],
            "mask_counts": [1, 5],
        }
    )
    verdict = {"image_id": image_id, "field": "emotion", "verdict": "valid", "round": 1}
    world["critic__verdicts"].append(verdict)
    world["verification__words"].append(
        {"image_id": image_id, "field": "subject", "annotator": "ann", "text": said["subject"]}
    )
    world["critic__word_choices"].append(
        {
            "image_id": image_id,
            "round": 1,
            "field": "subject",
            "candidates": [said["subject"], "a thing"],
            "annotator": "ann",
            "text": said["subject"],
            "evidence": ["it is there"],
        }
    )
    world["critic__steps"].append(
        {"image_id": image_id, "round": 1, "step": "S3", "field": "emotion"}
    )
    rival = "fear" if emotion != "fear" else "awe"
    world["critic__choices"].append(
        {
            "image_id": image_id,
            "round": 1,
            "emotion": emotion,
            "rival": rival,
            "candidates": [rival, emotion],
            "chosen": emotion,
            "evidence": ["a cue"],
            "settled_emotion": emotion,
            "is_accepted": False,
        }
    )
    world["records__emoverse"].append(
        {
            **decided,
            **{"source": "folder", "split": split, "state": "preserved", "annotator": "ann"},
            "joined_triplet": "-".join(
                said[name] for name in ("background", "attribute", "subject")
            ),
            "boxes_px": [1, 2, 99, 79],
            "word_annotators": ["ann"] * 4,
        }
    )
    world["records__regions"].append(
        {name: value for name, value in world["grounding__regions"][-1].items() if name != "status"}
    )
    world["records__links"] += [
        {"image_id": image_id, "region_no": 1, "field": name, "linked_text": said[name]}
        for name in ("background", "attribute", "subject")
    ]
    text = {"image_id": image_id, "status": "ok", "text": "Two words", "word_count": 2}
    for kind in ("descriptions", "reasonings", "details"):
        world[f"texts__{kind}"].append(text)
    world["texts__evocations"].append({**text, "evoked_by": "direct"})
    world["texts__candidates"].append(
        {
            **text,
            **{"emotion": "joy", "element": "lake", "distractors": ["cliff", "dog"]},
            **{"thing": "lake", "things": ["lake"], "said_in": ["folder"]},
            **{"element_people": 1, "explanation_people": 1},
        }
    )
    if number == 1:
        both = {"first_image_id": picture_id(0), "second_image_id": picture_id(1)}
        world["texts__comparisons"].append({**text, **both, "aspect": "overall"})


def add_items(world: World, number: int, split: str) -> None:
    image_id, ekman = picture_id(number), EKMAN_7[number % 7]
    place = (1 + sum(item["split"] == split for item in world["qa__items"])) % 3
    options = [EKMAN_7[(number + 1) % 7], EKMAN_7[(number + 2) % 7]]
    options.insert(place, ekman)
    question = "Which emotion?"
    world["qa__items"].append(
        {
            "item_id": f"{int(short_hash('x', question), 16) ^ int(short_hash(image_id), 16):016x}",
            "question_type": "what_how",
            "claim": "dominant",
            "image_ids": [image_id],
            "question": question,
            "options": options,
            "answer": ekman,
            "answer_letter": "ABC"[place],
            "split": split,
            "sources": ["folder", "oasis"] if number == 1 else ["folder"],
            "facts": json.dumps(
                {
                    "dominant_emotion": ekman,
                    "origin": [{"stated_by": "votes", "sources": ["folder"]}],
                },
                separators=(",", ":"),
            ),
        }
    )
    world["_qa__coverage"].append(
        {"image_id": image_id, "item_count": 1, "content_category": "animal"}
    )
    answers = {
        "ranking": {"answer": f"Emotion ranking: {ekman}, {EKMAN_7[(number + 1) % 7]}"},
        "vad": {"answer": "Valence: 0.6250", "dimension": "valence", "target": 0.625},
        "dominant_emotion": {"answer": f"Dominant emotion: {ekman}"},
    }
    for task in TASKS:
        world["assess__items"].append(
            {
                "item_id": f"{task}{number:02}",
                "image_id": image_id,
                "task": task,
                "split": split,
                "question": f"Which of {', '.join(EKMAN_7)}?",
                "candidates": [] if task == "vad" else list(EKMAN_7),
                **answers[task],
            }
        )
        world["_assess__candidates"].append(
            {"image_id": image_id, "task": task, "is_selected": True}
        )
        world["assess__balance"].append(
            {
                "task": task,
                "balanced_over": "ekman7",
                "stratum": f"{number:02}",
                "available_count": 1,
                "selected_count": 1,
            }
        )


def add_templates(world: World) -> None:
    counts = {"candidate_count": PICTURES, "item_count": PICTURES, "most_uses": 1}
    world["_qa__templates"] += [
        {"template": "x", "claim": "dominant", **counts},
        {"template": "y", "claim": "level", "reason": "no_arousal"},
    ]
    world["qa__blind_baseline"].append(
        {
            **{"template": "x", "claim": "dominant", "item_count": PICTURES, "option_count": 3},
            **{"chance": 1 / 3, "accuracy": 0.242424, "offered_accuracy": 0.3},
        }
    )
    world["_qa__refusals"] += [
        {"image_id": picture_id(number), "reason": "no_arousal", "templates": ["y"]}
        for number in range(PICTURES)
    ]


def add_copies(world: World) -> None:
    """An exact copy of picture 0, and a near-duplicate of picture 1 that is dropped."""
    world["ingest__records"] += [
        {"source": "folder", "record_id": "copy", "path": "copy.jpg", "image_id": picture_id(0)},
        {"source": "folder", "record_id": "near", "path": "near.jpg", "image_id": "ee" * 32},
    ]
    near = {"image_id": "ee" * 32, "source": "folder", "path": "near.jpg", "sources": ["folder"]}
    for table in ("_ingest__measurements", "ingest__images", "dedup__images"):
        world[table][0]["occurrence_count"] = 2
    world["_ingest__measurements"].append(near)
    world["ingest__images"].append(near)
    world["dedup__clusters"].append(
        {
            "image_id": near["image_id"],
            "cluster_id": picture_id(1),
            "is_kept": False,
            "reason": "near_duplicate",
            "kept_image_id": picture_id(1),
            "distance_bits": 3,
        }
    )


def add_expansion(world: World) -> None:
    """A prompt with its image, a collected row, and a balance in which nothing is lacking."""
    triplet = {"background": "b", "attribute": "a", "subject": "s"}
    world["expansion__queries"] += [
        {**triplet, "triplet_id": f"{number}", "emotion": emotion, "record_count": 11}
        | {"status": "refused", "reason": "enough_images"}
        for number, emotion in enumerate(MIKELS_8)
    ]
    parents = {"parent_image_id": picture_id(0), "donor_image_id": picture_id(1)}
    asked = {"prompt_id": "p", "intended_emotion": MIKELS_8[1], "replaced": ["subject"]}
    world["expansion__prompts"].append({**triplet, **parents, **asked, "split": "train"})
    made = {"prompt_id": "p", "status": "ok", "path": "expansion/p.png"}
    world["expansion__images"].append({**made, "parent_image_id": picture_id(0)})
    world["expansion__class_shares"] += [
        {"scope": "before", "emotion": emotion, "image_count": 11, "class_share": 1 / 8}
        for emotion in MIKELS_8
    ]
    even = {"share_range_points": 0.0, "share_variance": 0.0}
    world["expansion__balance"].append({"scope": "before", "image_count": PICTURES, **even})
    world["expansion__collected_rows"].append({"row": 1, "status": "ok", "path": "a.jpg"})
    pair = {"image_id": picture_id(1), "other_image_id": "ee" * 32, "cluster_id": picture_id(1)}
    world["dedup__edges"].append({**pair, "tier": "hash", "distance_bits": 3})


def add_releases(world: World) -> None:
    """Two releases: a record and its image, then a question about it too."""
    for number in (1, 2):
        release = {"release_no": number}
        world["release__versions"].append(
            {**release, "digest": f"d{number}", "previous_digest": "d1" if number > 1 else None}
        )
        for config in ("records", "images", "qa")[: 1 + number]:
            path = f"releases/{number}/{config}/train.parquet"
            world["release__files"].append(
                {**release, "path": path, "config": config, "split": "train", "row_count": 1}
            )
            images = [picture_id(1)]
            world["release__rows"].append(
                {**release, "config": config, "row_id": "x" if config == "qa" else images[0]}
                | {"image_ids": images, "licences": ["CC0-1.0"]}
            )


def add_files(world: World) -> None:
    for split in ("train", "validation", "test"):
        rows = sum(item["split"] == split for item in world["qa__items"])
        world["exports__files"].append(
            {
                "path": f"exports/qa/{split}.jsonl",
                "format": "llava",
                "dataset": "qa",
                "split": split,
                "row_count": rows,
            }
        )
    answer = {"dimension": "valence", "expert": "one", "image_id": picture_id(0)}
    level = {"expert_level": "low", "tertile": "low", "lexicon_value": 0.2}
    world["labels__validation_answers"].append(
        {"table_path": "validation/one.csv", "row": 1, "status": "ok", **answer, **level}
    )
    world["labels__validation_agreement"] += [
        {"dimension": "valence", "expert": expert}
        | {"answer_count": 1, "image_count": 1, "agreed_count": 1}
        for expert in ("all experts", "one")
    ]
    vote = {"image_id": picture_id(1), "task_id": "task", "rater_id": "r1", "is_counted": True}
    world["review__votes"] += [
        {**vote, "phase": "blind", "reviewed_field": "emotion", "vote": "felt", "event_no": 1},
        {
            **vote,
            "phase": "drafts",
            "reviewed_field": "description",
            "vote": "confirmed",
            "event_no": 2,
        },
    ]
    world["review__raters"].append(
        {"rater_id": "r1", "judgement_count": 1, "retest_count": 3, "retest_emotion_share": 1.0}
    )
    world["labels__reviews"].append(
        {"image_id": picture_id(1), "emotion": "awe", "mass": 1.0, "lost_mass": 0.0}
    )
    world["records__aigiemo"] += [
        {"image_id": picture_id(number), "judgement_count": 1, "emotion": emotion}
        | {"rater_ids": ["r1"], "felt_emotions": [emotion], "also_felt": ["{}"]}
        | {"is_selected": True}
        | {"felt_valences": [2], "felt_arousals": [1], "rating_gap": 1.0}
        for number, emotion in enumerate(("awe", "fear"))
    ]
    world["review__agreement"].append(
        {"measure": "alpha", "judged_field": "emotion", "estimate": 0.5, "counted": 40}
    )
    world["labels__label_points"].append({"label": "fear", "status": "ok", "is_as_published": True})
    world["training__runs"].append(
        {
            "run_id": "run",
            "recipe": "emotion_classifier",
            "job": "emotion_classifier",
            "status": "ok",
            "train_count": 60,
            "test_count": 8,
            "accuracy": 0.5,
            "macro_f1": 0.4,
            "baseline_accuracy": 0.2,
            "path": "training/model.json",
            "sha256": "x",
        }
    )
    world["training__runs"] += [
        {"run_id": "grpo", "recipe": "grpo.tiny", "job": "grpo", "status": "ok"}
        | {"train_count": 60, "test_count": 8, "train_loss": 0.1, "mean_reward": 0.5}
        | {"path": "training/grpo.tiny/merged/model.safetensors", "sha256": "x"},
        {"run_id": "head", "recipe": "des_head.tiny", "job": "des_head", "status": "ok"}
        | {"train_count": 60, "test_count": 8, "train_loss": 0.1, "accuracy": 0.1}
        | {"baseline_accuracy": 0.2}
        | {"path": "training/des_head.tiny/embeddings.parquet", "sha256": "x"},
    ]
    world["evaluation__predictions"] += [
        {"benchmark": "held_out_assess", "evaluated_model": "probe", "benchmark_item": item}
        | {"section": "dominant_emotion", "subset": "dominant_emotion", "item_group": "emotion6"}
        | {"resampling_unit": item, "is_scored": True, "gold_answer": "joy", "status": "ok"}
        | {"protocol": "text", "parsed_answer": answered, "tolerant_mark": float(answered == "joy")}
        for item, answered in (("1", "joy"), ("2", "fear"))
    ]
    world["evaluation__scores"] += [
        {"benchmark": "held_out_assess", "evaluated_model": model, "number": "Accuracy"}
        | {"section": "dominant_emotion", "item_group": "all", "marking": marking}
        | {
            "protocol": "text",
            "score_unit": "percent",
            "score_value": value,
            "printed_value": value,
        }
        | {"counted_items": 2, "covered_share": 1.0, "item_set": "two"}
        for model, marking, value in (
            *(("probe", "tolerant", 50.0), ("probe", "strict", 0.0)),
            ("majority_baseline", "tolerant", 10.0),
        )
    ]
    world["evaluation__studies"] += [
        {"study": "source_transfer", "tested_on": "emotion6", "study_arm": "folder"}
        | {"study_seed": seed, "number": number, "status": "ok", "score_unit": "percent"}
        | {"score_value": 50.0, "counted_items": 2, "counted_clusters": 2, "train_count": 60}
        for seed in ("1", "all")
        for number in ("Accuracy", "Macro F1")
    ]
    world["training__refusals"].append(
        {"recipe": "grpo.tiny", "sample_id": "a", "reason": "no_reward"}
    )
    world["training__embeddings"] += [
        {"run_id": "head", "image_id": picture_id(number), "split": "train"}
        | {"embedding": [3.0, 4.0], "unit_embedding": [0.6, 0.8]}
        for number in range(2)
    ]
    world["batches__jobs"] += [
        {
            "batch_id": "1" * 32 + "-1",
            "batch_state": state,
            "is_collected": state != "open",
            "row_count": 6,
            "answered_count": 2,
            "declined_count": 1,
            "malformed_count": 1,
            "failed_count": 1,
            "expired_count": int(state != "open"),
            "not_run_count": 0,
            "waiting_count": int(state == "open"),
        }
        for state in ("completed", "open")
    ]
    world["gate__edits"] += [
        {"edited_table": "records__emoverse", "edit_no": number, "edit_state": state}
        | {"edited_key": '{"image_id": "x"}', "old_json": '"awe"', "new_json": '"fear"'}
        for number, state in enumerate(("superseded", "holds"), 1)
    ]
    world["review__waiting"].append({"queue": "audit", "day": "2026-11-29", "open_task_count": 2})
    world["costs__days"].append({"day": "2026-11-29", "stage": "annotation", "usd": 0.1})
    world["costs__calls"] += [
        {
            "stage": stage,
            "provider": provider,
            "call_count": 6,
            "answered_count": 2,
            "declined_count": 1,
            "malformed_count": 1,
            "limited_count": 1,
            "failed_count": 1,
            "usd": usd,
            "usd_at_most": usd,
        }
        for stage, provider, usd in (("annotation", "openai", 0.1), ("grounding", "embedded", 0.0))
    ]


def write_world(world: World, tables: Path) -> None:
    for name, rows in world.items():
        table = TABLES[name]
        frame = pl.DataFrame([fill(table, row) for row in rows], schema=table.polars_schema)
        if table.is_partitioned:
            for source in ("folder", "oasis"):
                part = frame.filter(pl.col("source") == source)
                write_table(part, table, table_path(tables, table, source))
        else:
            write_table(frame, table, table_path(tables, table))


@pytest.fixture
def world() -> World:
    """Tables in which every rule holds, to be spoiled."""
    return make_world()


@pytest.fixture(scope="session")
def sound_tables(tmp_path_factory) -> Path:
    """The tables of an unspoiled world, written once."""
    tables = tmp_path_factory.mktemp("sound")
    write_world(make_world(), tables)
    return tables


@pytest.fixture
def write(sound_tables):
    """Writes a world below a folder of tables, through the real storage."""
    sound = make_world()

    def write_spoiled(spoiled: World, tables: Path) -> None:
        copytree(sound_tables, tables, dirs_exist_ok=True)
        write_world({name: rows for name, rows in spoiled.items() if rows != sound[name]}, tables)

    return write_spoiled
