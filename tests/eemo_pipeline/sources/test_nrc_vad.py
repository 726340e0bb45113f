"""NRC-VAD in the three copies that circulate, in version 2, and where the scale is in dispute."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemo_pipeline.readers.contract import SourceTables
from tests.support.sources import read_damaged, read_files, reasons

HEADED = (
    "Word\tValence\tArousal\tDominance\n"
    "aaaaaaah\t0.479\t0.606\t0.291\n"
    "altar boy\t0.500\t0.300\t0.400\n"
    "aircraft-carrier\t0.510\t0.310\t0.410\n"
    "false\t0.2\t0.4\t0.3\n"
    "null\t0.1\t0.2\t0.3\n"
    "soda/pop\t0.7\t0.5\t0.4\n"
    "true\t1\t0\t0.9\n"
    "valence\t0.5\t0.5\t0.5\n"
)
HEADLESS = HEADED.partition("\n")[2]
COMMAS = HEADED.replace("\t", ",").replace(
    "Word,Valence,Arousal,Dominance", "word,valence,arousal,dominance"
)
SECOND = (
    "term\tvalence\tarousal\tdominance\n"
    "joy\t0.96\t0.648\t0.588\n"
    "grief\t-0.86\t0.28\t-0.052\n"
    "a cappella\t0.25\t-0.1\t0\n"
)
COPIES = {"headed": HEADED, "headless": HEADLESS, "commas": COMMAS}


def scales(tables: SourceTables) -> set[tuple[float, float]]:
    return set(tables.words.select("scale_min", "scale_max").rows())


@pytest.mark.parametrize("copy", COPIES)
def test_every_copy_reads_the_same(copy: str) -> None:
    tables = read_files("nrc_vad", {"NRC-VAD-Lexicon.txt": COPIES[copy]})
    assert tables.row_count == 8
    assert tables.words["word"].to_list() == [
        "aaaaaaah",
        "altar boy",
        "aircraft-carrier",
        "false",
        "null",
        "soda/pop",
        "true",
        "valence",
    ]
    assert tables.words["row"].to_list() == list(range(1, 9))
    first = tables.words.row(0, named=True)
    assert [first[f"native_{name}"] for name in ("valence", "arousal", "dominance")] == [
        0.479,
        0.606,
        0.291,
    ]
    assert first["native_valence_sd"] is None
    assert scales(tables) == {(0.0, 1.0)}
    assert tables.rejects.is_empty()


@pytest.mark.parametrize("name", ["NRC-VAD-Lexicon-v2.1/NRC-VAD-Lexicon-v2.1.txt", "vad.tsv"])
@pytest.mark.parametrize(
    "text", [SECOND, SECOND.partition("\n")[2], SECOND.replace("term", "Word")]
)
def test_version_two_is_told_by_its_range(name: str, text: str) -> None:
    tables = read_files("nrc_vad", {name: text})
    assert tables.words["word"].to_list() == ["joy", "grief", "a cappella"]
    assert tables.words["native_valence"].to_list() == [0.96, -0.86, 0.25]
    assert scales(tables) == {(-1.0, 1.0)}


@pytest.mark.parametrize(
    "files",
    [
        {"one.txt": HEADED, "two.txt": SECOND},
        {"NRC-VAD-Lexicon-v2.1.txt": HEADED},
        {"nrc_vad_v1.csv": SECOND},
        {
            "a.txt": HEADLESS
            + "".join(f"word{n}\t0.5\t0.5\t0.5\n" for n in range(40))
            + "x\t-0.9\t0\t0\n"
        },
    ],
)
def test_evidence_at_odds_refuses_every_row(files: dict[str, str]) -> None:
    tables = read_files("nrc_vad", files)
    assert tables.words.is_empty()
    assert tables.row_count == tables.rejects.height > 0
    assert set(tables.rejects["reason"]) == {"mixed_scale"}
    assert any(name in tables.rejects["detail"][0] for name in files)


def test_bad_rows_are_refused_one_by_one() -> None:
    text = HEADED + "true\t0\t0\t0\nx\t\t0\t0\ny\t7\t0\t0\nz\tNaN\t0\t0\n\t0\t0\t0\nw\t0\t0\t0\t9\n"
    tables = read_files("nrc_vad", {"lexicon.txt": text})
    assert tables.words.height == 8
    assert reasons(tables) == {
        9: "duplicate_row",
        10: "missing_value",
        11: "out_of_range",
        12: "bad_number",
        13: "missing_value",
        14: "surplus_cells",
    }


def test_the_files_of_one_dimension_are_not_the_lexicon() -> None:
    scores = "aaaaaaah\t0.479\naltar boy\t0.500\n"
    files = {
        "NRC-VAD-Lexicon.txt": HEADED,
        "OneFilePerDimension/v-scores.txt": scores,
        "README.txt": "x",
    }
    tables = read_files("nrc_vad", files)
    assert tables.table_paths == {"NRC-VAD-Lexicon.txt", "README.txt"}
    assert tables.row_count == 8


@pytest.mark.parametrize("files", [{}, {"lexicon.txt": b""}, {"lexicon.csv": b"\0\xff\xfe"}])
def test_nothing_gives_nothing(files: dict[str, bytes]) -> None:
    tables = read_files("nrc_vad", files)
    assert tables.words.is_empty()
    assert tables.row_count == 0


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), text=st.sampled_from([*COPIES.values(), SECOND]))
def test_random_damage_never_raises_and_loses_no_row(seed: int, text: str) -> None:
    words = read_damaged("nrc_vad", {"lexicon.txt": text, "README.txt": "x"}, seed).words
    assert words["word"].is_unique().all()
    assert words["native_valence"].is_between(-1, 1).all()
