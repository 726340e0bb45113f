"""Questions over made-up labels: held against the checks in SQL, which share no code with them."""

import json
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eemo_pipeline.stages.qa.templates as templates
from eemo_pipeline.discovery import discover
from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.lake.parquet import table_path, write_table
from eemo_pipeline.lake.sql_checks import list_checks, read_check
from eemo_pipeline.lake.warehouse import open_tables
from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import (
    conform,
    key_violations,
    null_violations,
    vocabulary_violations,
)
from eemo_pipeline.stages.qa.blind_baseline import build_baseline, guess_blindly
from eemo_pipeline.stages.qa.build import (
    Tally,
    build_coverage,
    build_items,
    build_refusals,
    build_templates,
)
from eemo_pipeline.stages.qa.facts import SOURCES, Facts, build_facts
from eemo_pipeline.stages.qa.templates import QaTemplate
from eemo_pipeline.stages.texts.descriptions import write_descriptions
from eemo_pipeline.stages.texts.emotion_texts import write_emotion_texts
from eemo_pipeline.stages.texts.template_writer import REALISER
from eemo_pipeline.stats.hash_draws import short_hash

Tables = dict[str, pl.DataFrame]
MANY = 10_000_000
WORDS = ("dog", "lake", "storm", "child", "street", "mountain", "flower", "ruin")
CATEGORIES = ("Animal", "Person", "Scenery", None)
SAID = (
    "I feel so because of the bright {}",
    "The {} and the scene as a whole",
    "It is the overall mood",
)


def frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TABLES[name].polars_schema)


def tables_of(count: int, seed: int = 0) -> Tables:
    """Made-up pictures with some of: votes, ratings, comments, a category, measures."""
    random = Random(seed)  # noqa: S311 - test data
    pictures = [_picture(random, number) for number in range(count)]
    images = frame("dedup__images", [row["image"] for row in pictures])
    emotions = frame("labels__emotions", [part for row in pictures for part in row["emotions"]])
    rankings = frame("labels__rankings", [row["ranking"] for row in pictures])
    vad = frame("labels__vad", [row["vad"] for row in pictures if row["vad"]])
    records = frame("ingest__records", [row["record"] for row in pictures])
    annotations = frame("ingest__annotations", [part for row in pictures for part in row["said"]])
    replies = frame("annotation__replies", [row["reply"] for row in pictures])
    descriptions = write_descriptions(images, REALISER).frame
    written = write_emotion_texts(
        images, emotions, rankings, vad, annotations, descriptions, REALISER
    )
    made = {
        "dedup__images": images,
        "ingest__records": records,
        "annotation__replies": replies,
        "labels__emotions": emotions,
        "labels__vad": vad,
        "labels__rankings": rankings,
        "texts__descriptions": descriptions,
        **{name: table.frame for name, table in written.items()},
    }
    assert set(made) == set(SOURCES)
    return made


def _picture(random: Random, number: int) -> dict[str, Any]:
    image_id = short_hash("picture", str(number)) * 4
    emotions = random.sample(EKMAN_7, random.choice([0, 1, 3, 4, 5, 7]))
    shares = sorted({random.randint(1, 99) for _ in emotions}, reverse=True)
    masses = dict(zip(emotions, (share / sum(shares) for share in shares), strict=False))
    named = list(masses)
    place = {"image_id": image_id, "source": "oasis", "record_id": str(number)}
    semantics = random.choice(["evoked"] * 7 + ["apparent"])
    return {
        "image": {
            **place,
            "split": random.choice(["train"] * 6 + ["validation", "test"]),
            "sources": random.choice([["oasis"], ["emotion6", "oasis"]]),
            "is_evaluation": number % 50 == 0,
            **{m: random.random() for m in ("brightness", "saturation", "contrast")},
            "edge_density": random.random() / 3,
            "colourfulness": 90 * random.random(),
            "width_px": 800,
            "height_px": 600,
            "is_blank": False,
            "dominant_colours": ["#808080"],
            "dominant_shares": [1.0],
        },
        "record": {
            **place,
            "attributes": _attributes(random.choice(CATEGORIES)),
            "semantics": semantics,
        },
        "reply": {
            **{"image_id": image_id, "annotator": "ann", "round": 1, "status": "ok"},
            **{"objects": random.choice([["two dogs"], ["a man"], ["a cup"], None])},
            **{"scene": random.choice(["outdoor/beach", None])},
        },
        "emotions": [
            {
                **{"image_id": image_id, "taxonomy": "ekman7", "emotion": emotion},
                **{"mass": round(mass, 6), "semantics": semantics, "sources": ["oasis"]},
                **{"rater_count": 10, "rule": "identity"},
            }
            for emotion, mass in masses.items()
        ],
        "ranking": {
            "image_id": image_id,
            "status": "ok",
            "ranking": named[:3] if len(named) >= 3 else None,
            "dominant_emotion": named[0] if named else None,
            "margin": 0.1,
        },
        "vad": _rating(random, image_id, semantics),
        "said": [
            {
                **place,
                "annotation_no": no,
                "label_space": "ekman7",
                "semantics": semantics,
                "native_labels": [emotion],
                "comment": _said(random, number).format(random.choice(WORDS)),
            }
            for no, emotion in enumerate(named)
            if random.random() < 0.5
        ],
    }


def _said(random: Random, number: int) -> str:
    """What somebody says: of one image always of things, of the whole, or of both."""
    return SAID[(0, 0, 0, 1, 2)[number % 5]] if random.random() < 0.9 else SAID[0]


def _attributes(category: str | None) -> str | None:
    return json.dumps({"category": category}) if category else None


def _rating(random: Random, image_id: str, semantics: str) -> dict[str, Any] | None:
    if random.random() < 0.1:
        return None
    some = (0.4, 0.6, 0.399999, 0.600001, None)
    values = {
        name: random.choice((*some, *(round(random.random(), 6) for _ in range(9))))
        for name in ("valence", "arousal", "dominance")
    }
    origin = {"origin": "rated:oasis", "rule": "x/10", "is_best": True, "semantics": semantics}
    return {"image_id": image_id, **origin, **values}


def ask(tables: Tables, seed: str = "seed", most: int = MANY) -> tuple[Facts, Tables]:
    facts = build_facts({name: rows.lazy() for name, rows in tables.items()})
    tally = Tally(facts)
    items = pl.concat([TABLES["qa__items"].empty(), *build_items(facts, seed, most, tally)])
    refusals = pl.concat([TABLES["_qa__refusals"].empty(), *build_refusals(tally)])
    made = {
        "qa__items": items,
        "qa__blind_baseline": build_baseline(tally.baselines),
        "_qa__coverage": build_coverage(tally),
        "_qa__refusals": refusals,
        "_qa__templates": build_templates(tally),
    }
    for name, rows in made.items():
        table, lazy = TABLES[name], conform(rows, TABLES[name]).lazy()
        assert rows.sort(table.key).equals(rows)
        assert not key_violations(lazy, table)
        assert not null_violations(lazy, table)
        assert not vocabulary_violations(lazy, table)
    return facts, made


def write_all(folder: Path, tables: Tables) -> None:
    for name, rows in tables.items():
        table = TABLES[name]
        part = "oasis" if table.is_partitioned else None
        write_table(rows, table, table_path(folder, table, part))


def bad_rows(folder: Path, *names: str) -> dict[str, list[dict[str, Any]]]:
    """What the checks of the stage find: check -> bad rows, without those that find none."""
    chosen = [(table, check) for table in names for check in list_checks(table)]
    found = {}
    with open_tables(folder, [read_check(*check).sql for check in chosen]) as connection:
        for table, check in chosen:
            answer = connection.execute(read_check(table, check).sql)
            columns = [column[0] for column in answer.description or ()]
            if rows := answer.fetchall():
                found[check] = [dict(zip(columns, row, strict=True)) for row in rows]
    return found


QA = ("qa__items", "qa__blind_baseline", "_qa__coverage", "_qa__refusals", "_qa__templates")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tables, Facts]:
    tables = tables_of(800)
    facts, made = ask(tables)
    folder = tmp_path_factory.mktemp("many")
    write_all(folder, {**tables, **made})
    return folder, {**tables, **made}, facts


def test_every_template_asks_and_every_check_agrees(many: tuple[Path, Tables, Facts]) -> None:
    folder, tables, _ = many
    counts = tables["_qa__templates"]
    assert counts.filter(pl.col("item_count") == 0).is_empty()
    assert counts["template"].to_list() == list(discover(templates, "TEMPLATE", QaTemplate))
    claims = TABLES["qa__items"].definitions[4].values
    assert set(counts["claim"]) == set(claims)
    assert bad_rows(folder, *QA, "texts__comparisons") == {}


def wrong_answer(item: dict[str, Any]) -> dict[str, Any]:
    if not item["options"]:
        return {**item, "answer": item["answer"] + " So it is."}
    place = (item["options"].index(item["answer"]) + 1) % len(item["options"])
    return {**item, "answer": item["options"][place], "answer_letter": "ABCD"[place]}


def wrong_letter(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "answer_letter": "A" if item["answer_letter"] != "A" else "B"}


def repeated_option(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "options": [item["answer"]] * max(2, len(item["options"]))}


def odd_option(item: dict[str, Any]) -> dict[str, Any]:
    odd = [option if option == item["answer"] else "bliss" for option in item["options"]]
    return {**item, "options": odd or ["bliss", item["answer"]]}


def wrong_question(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "question": item["question"] + " Surely joy?"}


def wrong_facts(item: dict[str, Any]) -> dict[str, Any]:
    facts = {name: "bliss" for name in json.loads(item["facts"]) if name != "dimension"}
    return {**item, "facts": json.dumps(facts)}


def no_facts(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "facts": "{}"}


def wrong_sources(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "sources": ["gaped"]}


def wrong_split(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "split": "test" if item["split"] != "test" else "train"}


def wrong_picture(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "image_ids": ["f" * 64, *item["image_ids"][1:]]}


CORRUPTIONS = (
    wrong_answer,
    wrong_letter,
    repeated_option,
    odd_option,
    wrong_question,
    wrong_facts,
    wrong_sources,
    wrong_split,
    wrong_picture,
)


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 10**6))
def test_any_item_that_is_corrupted_is_caught(
    many: tuple[Path, Tables, Facts], tmp_path: Path, start: int
) -> None:
    """Of every template one item is corrupted in every way; each of them is reported."""
    folder, tables, _ = many
    items = tables["qa__items"]
    corrupted: dict[str, dict[str, Any]] = {}
    ways = {}
    for part in items.partition_by("template"):
        assert part.height >= len(CORRUPTIONS)
        for number, corrupt in enumerate(CORRUPTIONS):
            item = part.row((start + number) % part.height, named=True)
            corrupted[item["item_id"]] = corrupt(item)
            ways[item["item_id"]] = (corrupt.__name__, item["template"])
    whole = items.filter(~pl.col("item_id").is_in(list(corrupted)))
    spoiled = pl.concat([whole, frame("qa__items", list(corrupted.values()))])
    for name in SOURCES:
        if not TABLES[name].is_partitioned:
            path = tmp_path / f"{name}.parquet"
            path.unlink(missing_ok=True)
            path.symlink_to(folder / f"{name}.parquet")
    write_table(spoiled, TABLES["qa__items"], tmp_path / "qa__items.parquet")
    found = bad_rows(tmp_path, "qa__items")
    reported = {row["item_id"] for rows in found.values() for row in rows if "item_id" in row}
    assert [way for item_id, way in ways.items() if item_id not in reported] == []


def test_pairs_stay_in_a_split_and_mostly_in_a_category(
    many: tuple[Path, Tables, Facts],
) -> None:
    _, _, facts = many
    known = facts.pictures.select(
        "row", "content_category", "split", "is_evaluation", "emotions_of"
    )
    for fact, pairs in facts.pairs.items():
        first, second = known[pairs["first"]], known[pairs["second"]]
        assert (first["split"] == second["split"]).all()
        assert not (first["is_evaluation"] | second["is_evaluation"]).any()
        same = (first["content_category"] == second["content_category"]).drop_nulls()
        # Few images share a cause, and fewer of them a category.
        around = 0.15 if fact in ("cause", "thing") else 0.05
        share = float(same.mean() or 0)  # pyright: ignore[reportArgumentType]
        assert share == pytest.approx(0.75, abs=around)
        assert set(first["emotions_of"].drop_nulls()) == {"viewers"}
        uses = pl.concat([pairs["first"], pairs["second"]]).value_counts()["count"]
        assert max(uses.to_list()) <= 8


def test_content_is_named_by_sources_before_annotators() -> None:
    tables = tables_of(60)
    named = tables["ingest__records"]["attributes"].is_not_null().sum()
    pictures = ask(tables)[0].pictures
    assert pictures["content_category"].null_count() < 60 - named
    origins = pictures.group_by("category_origin").agg(pl.col("content_category").unique().sort())
    said = dict(origins.drop_nulls().rows())
    assert said["source:oasis"] == ["animal", "person", "scenery"]
    assert set(said["annotation:ann"]) <= {"animal", "object", "person", "scenery"}


def test_questions_about_depicted_people_do_not_speak_of_viewers(
    many: tuple[Path, Tables, Facts],
) -> None:
    _, tables, facts = many
    depicted = facts.pictures.filter(pl.col("emotions_of") == "depicted")["image_id"]
    shown = tables["qa__items"].filter(pl.col("image_ids").list.first().is_in(depicted.to_list()))
    about_feelings = shown.filter(pl.col("template") != "describe_image")
    assert about_feelings["template"].n_unique() > 10
    assert not about_feelings["question"].str.contains("viewer").any()
    assert about_feelings["question"].str.contains("people (?:in|shown)").all()


def test_every_template_has_six_wordings_and_all_of_them_are_drawn(
    many: tuple[Path, Tables, Facts],
) -> None:
    _, tables, _ = many
    found = discover(templates, "TEMPLATE", QaTemplate)
    assert min(len(template.sentences) for template in found.values()) >= 6
    spoken = tables["qa__items"]["question"]
    assert not spoken.str.contains(r"\b(?:the|more|a) a neutral mood").any()
    for template in found.values():
        if template.question_type == "open":
            asked = tables["qa__items"].filter(template=template.name)["question"].n_unique()
            assert asked <= len(template.sentences) + len(template.depicted)


def test_no_template_is_answered_without_its_images(many: tuple[Path, Tables, Facts]) -> None:
    _, tables, _ = many
    baseline = tables["qa__blind_baseline"]
    assert baseline.height == 39
    for row in baseline.to_dicts():
        best = max(row["accuracy"], row["offered_accuracy"])
        assert row["reason"] is None, row
        assert best <= row["chance"] + 0.15, row


@pytest.mark.parametrize(("share", "is_told"), [(0.5, False), (0.75, True)])
def test_a_template_that_gives_its_answers_away_is_named(share: float, *, is_told: bool) -> None:
    often = round(100 * share)
    asked = pl.DataFrame(
        {
            "asked": ["joy"] * 100 + ["fear"] * 100,
            "is_yes": [number < often for number in range(100)]
            + [number >= often for number in range(100)],
        }
    )
    told = guess_blindly(asked, ["asked"])
    assert told["chance"] == 0.5
    assert told["accuracy"] == told["offered_accuracy"] == share
    assert (told["reason"] is not None) == is_told
    if is_told:
        assert "is right in 75 of 100 questions that offer it (asked: " in str(told["reason"])


def test_options_that_are_seen_once_give_nothing_away() -> None:
    asked = pl.DataFrame(
        {name: [f"{name}{number}" for number in range(40)] for name in ("correct", "wrong_1")}
    )
    told = guess_blindly(asked, [])
    assert told["accuracy"] == told["offered_accuracy"] == told["chance"] == 0.5
    worn = guess_blindly(asked.with_columns(wrong_1=pl.lit("balcony")), [])
    assert worn["offered_accuracy"] == 1.0
    assert worn["reason"] == "balcony is right in 0 of 40 questions that offer it"


def test_evaluation_pictures_are_never_asked_about(many: tuple[Path, Tables, Facts]) -> None:
    _, tables, _ = many
    evaluation = tables["dedup__images"].filter("is_evaluation").select("image_id")
    assert evaluation.height == 16
    refused = tables["_qa__refusals"].join(evaluation, on="image_id")
    assert refused["reason"].to_list() == ["evaluation"] * 16
    assert refused["templates"].list.len().to_list() == [48] * 16
    coverage = tables["_qa__coverage"].join(evaluation, on="image_id")
    coverage = coverage.select("image_id", "item_count", "reason")
    assert set(coverage.rows()) == {(row[0], 0, "evaluation") for row in evaluation.rows()}


def test_a_refusal_names_what_a_picture_lacks(many: tuple[Path, Tables, Facts]) -> None:
    _, tables, facts = many
    lacking = facts.having().filter(
        pl.col("rank_1").is_null() & pl.col("valence").is_null() & pl.col("arousal").is_not_null()
    )
    refused = tables["_qa__refusals"].filter(image_id=lacking["image_id"][0])
    why = {row["reason"]: row["templates"] for row in refused.to_dicts()}
    assert "rank_three" in why["no_ranking"]
    assert "valence_level" in why["no_valence"]
    assert "arousal_level_choice" not in str(why)


def test_same_inputs_give_the_same_items_and_another_seed_gives_others() -> None:
    tables = tables_of(300)
    shuffled = {
        name: rows.sample(fraction=1.0, shuffle=True, seed=1) for name, rows in tables.items()
    }
    items = ask(tables)[1]["qa__items"]
    again = ask(shuffled)[1]["qa__items"]
    others = ask(tables, "another seed")[1]["qa__items"]
    assert again.equals(items)
    assert set(others["template"]) == set(items["template"])
    kept = items.join(others, on="item_id", how="semi").height
    assert kept < items.height / 2


def test_a_limit_is_kept_and_balanced(tmp_path: Path) -> None:
    tables = tables_of(400)
    _, made = ask(tables, most=60)
    assert 40 <= max(made["_qa__templates"]["item_count"].to_list()) <= 60
    write_all(tmp_path, {**tables, **made})
    assert bad_rows(tmp_path, *QA) == {}


def test_nothing_in_asks_nothing_and_every_template_says_why() -> None:
    empty = {name: TABLES[name].empty() for name in SOURCES}
    _, made = ask(empty)
    assert made["qa__items"].is_empty()
    assert set(made["_qa__templates"]["reason"]) == {"no_pictures"}
    lonely = {**empty, "dedup__images": tables_of(2)["dedup__images"].tail(1)}
    _, made = ask(lonely)
    assert made["_qa__coverage"]["reason"].to_list() == ["no_facts"]
    reasons = dict(made["_qa__templates"].select("template", "reason").rows())
    assert (reasons["rank_three"], reasons["describe_image"]) == ("no_ranking", "no_description")


NEW_TEMPLATE = """
import polars as pl

from eemo_pipeline.stages.qa.templates import QaTemplate


def _ask(facts, purpose):
    calm = facts.having("arousal")
    return calm.select(
        pl.col("row").alias("first"), "base", "split",
        pl.lit("low").alias("asked"),
        ({condition}).alias("is_yes"),
    )


TEMPLATE = QaTemplate(
    name="is_it_calm",
    category="perception",
    question_type="yes_no",
    claim="level_is",
    dimension="arousal",
    needs=("arousal",),
    sentences=("Is the arousal at this picture {{}}?",),
    ask=_ask,
    fills=("asked",),
    cell=("asked",),
    proof=("arousal",),
)
"""


@pytest.mark.parametrize(
    ("condition", "is_right"),
    [('pl.col("arousal_level") == "low"', True), ('pl.col("arousal") < 0.5', False)],
)
def test_a_new_template_is_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: str, *, is_right: bool
) -> None:
    """It is in the tables, in the coverage view, and its answers are checked."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "is_it_calm.py").write_text(NEW_TEMPLATE.format(condition=condition), "utf-8")
    monkeypatch.setattr(templates, "__path__", [*templates.__path__, str(code)])
    monkeypatch.delitem(
        __import__("sys").modules, f"{templates.__name__}.is_it_calm", raising=False
    )
    tables = tables_of(400)
    _, made = ask(tables)
    asked = made["qa__items"].filter(template="is_it_calm")
    assert asked.height > 20
    write_all(tmp_path / "tables", {**tables, **made})
    found = bad_rows(tmp_path / "tables", *QA)
    assert (found == {}) == is_right
    if not is_right:
        assert {row["template"] for row in found["levels_follow_from_ratings"]} == {"is_it_calm"}
    with open_tables(tmp_path / "tables") as connection:
        query = "select sum(items) from template_coverage where template = 'is_it_calm'"
        assert connection.execute(query).fetchone() == (asked.height,)
