"""What `sources__datasets` says of a lake: what is there, and by name what is not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.schema.tables import TABLES
from eemo_pipeline.schema.validate import conform, null_violations, vocabulary_violations
from eemo_pipeline.sources import SourceDataset
from eemo_pipeline.stages.sources import describe_sources, known_sources

HEADER = (
    ",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"
)
KNOWN = known_sources()


def describe(
    root: Path, source: SourceDataset, names: dict[str, str], **words: float
) -> dict[str, Any]:
    """The row of one source over the files that are laid into its folder below the root."""
    for name, content in names.items():
        path = root / source.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return describe_sources({source.name: source}, root, **words).row(0, named=True)


def oasis(*themes: str, count: int) -> tuple[SourceDataset, dict[str, str]]:
    """OASIS as if it had `count` pictures, with a table of these themes and all their pictures."""
    rows = (f"I{n},{theme},Person,x,4,1,100,4,1,100" for n, theme in enumerate(themes))
    files = {f"images/{theme}.jpg": "pixels" for theme in themes}
    return replace(KNOWN["oasis"], expected_files=count), {
        **files,
        "OASIS.csv": "\r".join((HEADER, *rows)),
    }


def test_of_an_empty_lake_everything_is_absent(tmp_path: Path) -> None:
    described = describe_sources(KNOWN, tmp_path)
    table = TABLES["sources__datasets"]
    assert described["source"].to_list() == sorted(KNOWN)
    assert set(described["state"]) == {"absent"}
    assert described["missing"].str.starts_with("everything: ").all()
    rows = conform(described, table).lazy()
    assert [*null_violations(rows, table), *vocabulary_violations(rows, table)] == []


def test_a_complete_copy_misses_nothing(tmp_path: Path) -> None:
    row = describe(tmp_path, *oasis("War 1", "War 2", count=2))
    assert (row["state"], row["found_files"], row["missing"]) == ("complete", 2, None)
    assert (row["role"], row["embeds"], row["expected_records"]) == ("training", [], 900)


def test_a_picture_that_a_table_names_is_missing_by_name(tmp_path: Path) -> None:
    source, files = oasis("War 1", "War 2", count=2)
    del files["images/War 2.jpg"]
    row = describe(tmp_path, source, files)
    assert (row["state"], row["found_files"]) == ("partial", 1)
    assert row["missing"] == "1 image that its tables name: War 2.jpg; 1 of 2 images"


def test_of_many_missing_pictures_five_are_named(tmp_path: Path) -> None:
    source, files = oasis(*(f"War {n}" for n in range(1, 10)), count=1200)
    row = describe(
        tmp_path, source, {"OASIS.csv": files["OASIS.csv"], "images/War 1.jpg": "pixels"}
    )
    named = ", ".join(f"War {n}.jpg" for n in range(2, 7))
    assert row["missing"] == (
        f"8 images that its tables name: {named} and 3 more; 1,199 of 1,200 images"
    )


def test_beyond_the_budget_pictures_are_counted_and_not_named(tmp_path: Path) -> None:
    source, files = oasis("War 1", "War 2", count=2)
    del files["images/War 2.jpg"]
    assert describe(tmp_path, source, files, budget_bytes=5000)["missing"] == "1 of 2 images"


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    source, files = oasis("War 1", count=1)
    del files["OASIS.csv"]
    row = describe(tmp_path, source, files)
    assert (row["state"], row["missing"]) == ("partial", "the file OASIS.csv")


@pytest.mark.parametrize("name", ["deep/er/oasis.CSV", "OASIS.csv"])
def test_a_needed_file_may_lie_deeper_and_in_another_case(name: str, tmp_path: Path) -> None:
    source, files = oasis("War 1", count=1)
    files[name] = files.pop("OASIS.csv")
    assert describe(tmp_path, source, files)["state"] == "complete"


def test_files_that_serve_alike_are_named_together(tmp_path: Path) -> None:
    row = describe(
        tmp_path, KNOWN["emotic"], {"emotic_pre/train.csv": "", "emotic_pre/val.csv": ""}
    )
    assert row["missing"].startswith(
        "the file Annotations.mat or CVPR17_Annotations.mat or emotic_pre/test.csv; "
    )
    row = describe(tmp_path, KNOWN["emotic"], {"Annotations/Annotations.mat": ""})
    assert row["missing"] == "23,571 of 23,571 images"


def test_a_lexicon_is_complete_without_pictures(tmp_path: Path) -> None:
    row = describe(tmp_path, KNOWN["warriner"], {"Ratings_Warriner_et_al.csv": "x"})
    assert (row["role"], row["state"], row["missing"]) == ("lexicon", "complete", None)
    assert describe(tmp_path, KNOWN["nrc_vad"], {"README.txt": "x"})["missing"] == (
        "the file *.txt or *.csv or *.tsv"
    )


def test_an_open_ended_source_is_present(tmp_path: Path) -> None:
    row = describe(tmp_path, KNOWN["folder"], {"a.jpg": "pixels"})
    assert (row["state"], row["missing"]) == ("present", None)
