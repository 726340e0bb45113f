"""Every view, example and named query runs, on empty tables and on full ones."""

import re
from pathlib import Path

import pytest

from eemo_pipeline.lake.sql_files import list_examples, list_queries, list_views
from eemo_pipeline.lake.warehouse import open_tables, publish, query
from eemo_pipeline.schema.tables import TABLES

NAMED = {"image_id": "00" * 32, "emotion": "anger", "taxonomy": "mikels8", "source": "folder"}
EXPECTED = {
    "images": 88,
    "emotions": 3 * 88,
    "emotions_wide": 2 * 88,
    "files": 91,
    "annotations": 88,
    "replies": 2 * 88,
    "boxes": 88,
    "word_regions": 88 * 3,
    "funnel": 8,
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
        ("records", "picture", 2),
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


def test_examples_answer_in_the_published_file(tables, tmp_path):
    published = publish(tables, tmp_path / "eemo.duckdb")
    _, examples = query(published.path, "select title, sql from meta.examples")
    assert len(examples) >= 8
    assert [title for title, _ in examples] == [e.description for e in list_examples()]
    for title, sql in examples:
        columns, found = query(published.path, sql)
        assert columns, title
        is_empty = title.startswith("Which records need a person")
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
    for statement in (*list_views(), *list_examples(), *list_queries()):
        assert statement.description, statement.name
        assert not keywords & set(statement.sql.split()), statement.name


def test_no_view_calls_a_function_that_duckdb_1_2_lacks():
    """In a stored view it takes `if(...)` for the name of a function."""
    assert [view.name for view in list_views() if re.search(r"\bif\(", view.sql)] == []


SUGGESTED = re.compile(r"""\bsql (["'])((?:select|from|show) [^"'{}]+)\1""")


def test_queries_that_documents_and_messages_suggest_run(tmp_path):
    published = publish(tmp_path / "tables", tmp_path / "eemo.duckdb")
    repository = Path(__file__).parents[2]
    texts = [*repository.glob("*.md"), *(repository / "eemo_pipeline").rglob("*.py")]
    found = [sql for path in texts for _, sql in SUGGESTED.findall(path.read_text("utf-8"))]
    assert {"from funnel", "from images", "select * from ingest__rejects"} <= set(found)
    for sql in found:
        query(published.path, sql)
