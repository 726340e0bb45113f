"""Every view, example and named query runs, on empty tables and on full ones."""

import math
import re
from pathlib import Path

import pytest

from eemo_pipeline.emotion.taxonomies import ALIASES, EKMAN_7, MIKELS_8
from eemo_pipeline.lake.sql_files import list_examples, list_macros, list_queries, list_views
from eemo_pipeline.lake.warehouse import WarehouseError, open_tables, publish, query
from eemo_pipeline.schema.tables import TABLES

NAMED = {"image_id": "00" * 32, "emotion": "anger", "taxonomy": "mikels8", "source": "folder"}
EXPECTED = {
    "images": 88,
    "judgements": 88 * 4,
    "image_emotions": 88,
    "bas": 88,
    "critic": 88,
    "fields_long": 88 * 7,
    "votes": 2,
    "raters": 1,
    "lexicon_beside_ratings": 2 * 3,
    "agreement_by_emotion": 6 * 8,
    "label_conflicts": 0,
    "leaderboard": 2,
    "studies": 2,
    "confusion": 2,
    "moved_items": 0,
    "emotions": 3 * 88,
    "emotions_wide": 2 * 88,
    "files": 91,
    "annotations": 88,
    "replies": 2 * 88,
    "boxes": 88,
    "word_regions": 88 * 3,
    "funnel": 9,
    "conservation": 14,
    "balance": 3 * 7 + 8 + 4 + 4,  # even pictures validate, odd ones test
    "agreement": 6,
    "duplicates": 2,
    "expansion_outcomes": 3,
    "intent_matches": 0,
    "leaks": 1,
    "assess_evenness": 3,
    "felt": 88,
    "template_coverage": 4,
    "template_sources": 2,
    "refused_questions": 1,
    "costs": 2,
    "source_overview": 2,
    "label_losses": 2,
    "annotation_use": 6,
    "vad_map": 7 + 2,
    "lexicon_agreement": 3,
    "ranking_outcomes": 1,
    "validation_sheet": 1,
    "releases": 2,
    "events": 1241,  # what every stage decided, release by release at the end
}


@pytest.fixture
def tables(world, write, tmp_path):
    write(world, tmp_path / "tables")
    return tmp_path / "tables"


def rows(connection, sql):
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_every_view_has_the_rows_its_comment_promises(tables):
    with open_tables(tables) as connection:
        found = {view.name: len(rows(connection, f"from {view.name}")) for view in list_views()}
    assert found == EXPECTED


def test_every_view_is_named_unlike_any_table_and_says_what_it_is_for():
    names = [view.name for view in list_views()]
    assert len(set(names)) == len(names)
    assert not set(names) & set(TABLES)
    assert all(view.description.startswith("One row per ") for view in list_views())


def test_rows_are_conserved_at_every_stage(tables):
    with open_tables(tables) as connection:
        stages = rows(connection, "from conservation")
        assert [stage for stage in stages if stage["difference"]] == []
        assert all(stage["rows_in"] > 0 for stage in stages)


def test_a_lost_row_shows_as_a_difference(world, write, tmp_path):
    del world["ingest__rejects"][0]
    del world["records__emoverse"][3:5]
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        stages = rows(connection, "from conservation where difference <> 0")
    assert [(stage["stage"], stage["unit"], stage["difference"]) for stage in stages] == [
        ("ingest", "file", 1),
        ("records", "image", 2),
    ]


def test_the_funnel_counts_pictures(tables):
    with open_tables(tables) as connection:
        steps = {row["step"]: row["pictures"] for row in rows(connection, "from funnel")}
    assert list(steps.items()) == [
        ("found", 91),
        ("read", 90),
        ("distinct", 89),
        ("kept", 88),
        ("annotated", 88),
        ("preserved", 88),
        ("human", 0),
        ("dropped", 0),
        ("released", 1),
    ]


def test_a_tie_dominates_nothing(world, write, tmp_path):
    one = world["labels__emotions"][0]
    one["mass"] = 0.5
    world["labels__emotions"].append({**one, "emotion": "fear"})
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        tied = rows(connection, "from emotions where is_tied")
        assert [row["emotion_rank"] for row in tied] == [1, 1]
        total = rows(
            connection, "select sum(pictures) as n from balance where taxonomy = 'mikels8'"
        )
    assert total[0]["n"] == 87


def test_images_have_the_ratings_that_are_marked_best(world, write, tmp_path):
    marked = world["labels__vad"][0]
    # By its number of raters and its name alone, this row would come first.
    other = {"origin": "rated:a", "rater_count": 10**6, "is_best": False, "valence": 0.01}
    world["labels__vad"].append({**marked, **other})
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        query = f"from images where image_id = '{marked['image_id']}'"
        found = [(row["vad_origin"], row["valence"]) for row in rows(connection, query)]
    assert found == [(marked["origin"], marked["valence"])]


def test_a_rater_has_how_far_they_agree_with_themselves(world, write, tmp_path):
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        (rater,) = rows(connection, "from raters")
    assert (rater["answer_count"], rater["retest_count"]) == (2, 3)
    assert (rater["retest_emotion_share"], rater["retest_valence_icc"]) == (1.0, None)


def test_agreement_counts_pictures_that_both_judged(world, write, tmp_path):
    for reply in world["annotation__replies"][:8]:  # ann and bob on four pictures
        if reply["annotator"] == "bob":
            reply["emotion"] = "awe"  # right on one of them
    world["verification__replies"][0].update(
        status="abstain", reason="too_few_labels", emotion=None
    )
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        pairs = {
            (row["first_judge"], row["second_judge"]): (row["pictures"], row["alike"])
            for row in rows(connection, "from agreement")
        }
    assert pairs["ann", "bob"] == (88, 85)
    assert pairs["ann", "people"] == (88, 88)
    assert pairs["people", "probe"] == (87, 87)


def test_agreement_by_emotion_adds_up_to_agreement(world, write, tmp_path):
    for reply in world["annotation__replies"]:
        if reply["annotator"] == "bob" and reply["emotion"] == "anger":
            reply["emotion"] = "awe"
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        by_emotion = {
            row["emotion_mikels8"]: row
            for row in rows(
                connection,
                "from agreement_by_emotion where first_judge = 'bob' and second_judge = 'people'",
            )
        }
        both = rows(
            connection,
            "select alike from agreement where first_judge = 'bob' and second_judge = 'people'",
        )
    assert set(by_emotion) == set(MIKELS_8)
    assert sum(row["both_images"] for row in by_emotion.values()) == both[0]["alike"] == 77
    counts = ("first_images", "second_images", "both_images", "specific_agreement")
    assert [by_emotion["awe"][name] for name in counts] == [22, 11, 11, round(22 / 33, 4)]
    assert [by_emotion["anger"][name] for name in counts] == [0, 11, 0, 0]


def test_sources_conflict_where_viewers_of_each_feel_something_else(world, write, tmp_path):
    near = {"image_id": "ee" * 32, "record_id": "near", "semantics": "evoked"}
    own = world["ingest__annotations"][1]
    own["semantics"] = "evoked"
    own["label_space"] = "affection9"
    own["native_labels"] = [" Fear"]
    other = {"source": "oasis", "label_space": "abstract8", "table_path": "t.csv", "row": 1}
    said = {"native_labels": ["Sad", "Content"], "native_weights": [3.0, 1.0]}
    world["ingest__annotations"] += [
        {**near, **other, **said},
        {**near, **other, **said, "annotation_no": 1, "semantics": "apparent"},
    ]
    world["labels__label_fates"] += [
        {"source": "oasis", "label_space": "abstract8", "taxonomy": "mikels8"}
        | {"label": label, "fate": "mapped", "emotion": label}
        for label in ("sadness", "contentment")
    ]
    write(world, tmp_path)
    with open_tables(tmp_path) as connection:
        found = rows(connection, "select * exclude (image_id, split) from label_conflicts")
        image = rows(connection, "select image_id from label_conflicts")
    assert image == [{"image_id": own["image_id"]}]
    assert found == [
        {
            **{"semantics": "evoked", "taxonomy": "mikels8"},
            **{"first_source": "folder", "first_emotion": "fear", "first_share": 1.0},
            **{"second_source": "oasis", "second_emotion": "sadness", "second_share": 0.75},
        }
    ]


def test_conflicts_know_the_spellings_that_are_unified():
    [view] = [view for view in list_views() if view.name == "label_conflicts"]
    assert dict(re.findall(r"when '(.*)' then '(.*)'", view.sql)) == ALIASES


def test_fields_have_their_value_their_annotator_and_what_people_said(tables):
    with open_tables(tables) as connection:
        found = {
            row["field"]: row
            for row in rows(connection, f"from fields_long where image_id = '{'01' * 32}'")
        }
    assert found["subject"]["value"] == "s"
    assert found["subject"]["annotator"] == "ann"
    assert (found["box"]["value"], found["box"]["annotator"]) == ("[1, 2, 99, 79]", None)
    assert found["emotion"]["verdict"] == "valid"
    assert [found[name]["confirmed_count"] for name in ("description", "emotion")] == [1, 0]


@pytest.fixture
def published(tables, tmp_path):
    return publish(tables, tmp_path / "eemo.duckdb").path


MACRO_CALLS = {
    "agreement_by": "from agreement_by('emotion')",
    "cost_by": "from cost_by('stage')",
    "disputed": "from disputed(taxonomy := 'ekman7')",
    "history": f"from history('{'01' * 32}')",
    "norm9": "select norm9(2)",
    "sample_for": "from sample_for('awe', 3, 1)",
    "similar_images": f"from similar_images('{'01' * 32}')",
    "top": "from top('awe', n := 2)",
    "va_quadrant": "select va_quadrant(0.9, 0.1)",
}


def test_every_macro_answers(published):
    answers = {name: query(published, sql)[1] for name, sql in MACRO_CALLS.items()}
    assert list(answers) == [macro.name for macro in list_macros()]
    assert all(answers.values())
    assert answers["norm9"] == [(0.75,)]
    assert answers["va_quadrant"] == [("pleasant and calm",)]
    assert [row[3] for row in answers["top"]] == [1.0, 1.0]
    assert {row[0] for row in answers["cost_by"]} == {"annotation", "grounding"}
    with pytest.raises(WarehouseError, match="cost_by takes stage"):
        query(published, "from cost_by('price')")


def test_middle_and_missing_values_have_no_quadrant_and_no_step(published):
    sql = "select va_quadrant(0.5, 0.9), va_quadrant(null, 0.9), norm9(5), norm9(-4), norm9(4)"
    assert query(published, sql)[1] == [(None, None, None, 0.0, 1.0)]


def test_a_seed_draws_the_same_images_and_another_seed_others(published):
    drawn = [
        query(published, "select image_id from sample_for('awe', 4, $seed)", {"seed": seed})[1]
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert set(drawn[0]) < set(query(published, "select image_id from top('awe', n := 99)")[1])


def test_dispute_is_the_entropy_of_the_answers(world, write, tmp_path):
    for number, votes in ((0, 9), (1, 2)):
        for row in world["labels__emotions"]:
            if row["image_id"] == f"{number:02x}" * 32:
                row["rater_count"] = votes
    distribution = [0.5, 0.5, *[0.0] * 6]
    world["review__records"].append(
        {"image_id": "02" * 32, "judgement_count": 4, "distribution": distribution}
    )
    write(world, tmp_path / "tables")
    file = publish(tmp_path / "tables", tmp_path / "eemo.duckdb").path
    asked = "select image_id, said_in, votes, dispute, emotions from disputed(min_votes := 3"
    [found] = query(file, f"{asked}, taxonomy := 'ekman7') where image_id in ('{'00' * 32}')")[1]
    entropy = -sum(share * math.log(share) for share in (2 / 3, 1 / 3)) / math.log(7)
    assert found[1:] == ("labels", 9, round(entropy, 4), [EKMAN_7[0], EKMAN_7[1]])
    assert query(file, f"{asked}) where said_in = 'review tool'")[1] == [
        ("02" * 32, "review tool", 4, round(math.log(2) / math.log(8), 4), ["amusement", "anger"])
    ]
    assert not query(file, f"{asked}, taxonomy := 'ekman7') where image_id = '{'01' * 32}'")[1]


def test_questions_of_an_analyst_take_one_line():
    one_line = [e for e in list_examples() if len(e.sql.splitlines()) == 2]  # title, query
    assert len(one_line) >= 15
    assert all(len(e.sql.splitlines()[1]) <= 130 for e in one_line)


def test_columns_of_two_taxonomies_say_which(published):
    """A view without a column taxonomy names the one of its emotions, `felt` apart."""
    _, found = query(
        published,
        "select table_name, column_name from meta.dictionary where kind = 'view' "
        "and column_name in ('emotion', 'dominant_emotion', 'record_emotion', 'ranking') "
        "and table_name not in "
        "(select table_name from meta.dictionary where column_name = 'taxonomy')",
    )
    # The facts of questions have these names, and their checks read the view.
    contracts = {("felt", "dominant_emotion"), ("felt", "ranking"), ("replies", "emotion")}
    assert set(found) == contracts


def test_examples_answer_in_the_published_file(tables, tmp_path):
    published = publish(tables, tmp_path / "eemo.duckdb")
    _, examples = query(published.path, "select title, sql from meta.examples")
    assert len(examples) >= 8
    assert [title for title, _ in examples] == [e.description for e in list_examples()]
    for title, sql in examples:
        columns, found = query(published.path, sql)
        assert columns, title
        is_empty = title.startswith(("Which records need a person", "Where do the people of two"))
        assert bool(found) != is_empty, title


def test_examples_and_queries_run_on_empty_tables(tmp_path):
    published = publish(tmp_path / "tables", tmp_path / "eemo.duckdb")
    for example in list_examples():
        query(published.path, example.sql)
    for named in list_queries():
        used = {name: value for name, value in NAMED.items() if f"${name}" in named.sql}
        assert query(published.path, named.sql, used)[1] == []


def test_named_queries_say_their_parameters_and_answer(tables, tmp_path):
    published = publish(tables, tmp_path / "eemo.duckdb")
    for named in list_queries():
        used = {name: value for name, value in NAMED.items() if f"${name}" in named.sql}
        assert all(f"${name}" in named.description for name in used)
        assert query(published.path, named.sql, used)[1], named.name


def test_statements_are_written_in_lower_case():
    keywords = {"SELECT", "FROM", "WHERE", "JOIN", "GROUP", "ORDER", "WITH", "UNION", "HAVING"}
    for statement in (*list_views(), *list_macros(), *list_examples(), *list_queries()):
        assert statement.description, statement.name
        assert not keywords & set(statement.sql.split()), statement.name


def test_no_view_calls_a_function_that_duckdb_1_2_lacks():
    """In a stored view it takes `if(...)` for the name of a function."""
    stored = (*list_views(), *list_macros())
    assert [each.name for each in stored if re.search(r"\bif\(", each.sql)] == []


SUGGESTED = re.compile(r"""\bsql (["'])((?:select|from|show) [^"'{}]+)\1""")


def test_queries_that_documents_and_messages_suggest_run(tmp_path):
    published = publish(tmp_path / "tables", tmp_path / "eemo.duckdb")
    repository = Path(__file__).parents[2]
    pages = (*repository.glob("*.md"), *(repository / "docs").glob("*.md"))
    texts = [*pages, *(repository / "eemo_pipeline").rglob("*.py")]
    found = [sql for path in texts for _, sql in SUGGESTED.findall(path.read_text("utf-8"))]
    assert {"from funnel", "from images", "select * from ingest__rejects"} <= set(found)
    for sql in found:
        query(published.path, sql)
