"""Every file of this repository that a docstring, a comment or a document names is there."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("eemo_pipeline", "assets", "resources", "sql", "tests", "benchmarks")
MODULES = [path for folder in FOLDERS for path in sorted((REPOSITORY / folder).rglob("*.py"))]
DOCUMENTS = sorted(REPOSITORY.glob("*.md")) + [
    path for folder in FOLDERS for path in sorted((REPOSITORY / folder).rglob("*.md"))
]
# A name in back-ticks that is one of ours by its ending: a module, a document, a folder.
NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:\.(?:py|md|toml|yaml|sql)|/))`")
# Folders of a data root, and of another program.
NOT_OURS = {"data/", "downloads/", "exports/", "reports/", "sources/", "tables/"} | {
    "LAVIS/lavis/weight/vicuna-7b-2/"
}


def prose(path: Path) -> str:
    """Docstrings and comments of a module, or the whole of a document."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(
        token.string for token in tokens if token.type in (tokenize.COMMENT, tokenize.STRING)
    )


def missing_files(path: Path) -> Iterator[str]:
    """Names that lead nowhere, from the file's folder, any folder above it, or the library."""
    places = [place for place in path.parents if place.is_relative_to(REPOSITORY)]
    places.append(REPOSITORY / "eemo_pipeline")
    for name in sorted(set(NAMED.findall(prose(path))) - NOT_OURS):
        if not any((place / name).exists() for place in places):
            yield name


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, *MODULES], ids=lambda path: path.relative_to(REPOSITORY).as_posix()
)
def test_named_files_exist(path: Path) -> None:
    assert list(missing_files(path)) == []


def test_a_name_that_leads_nowhere_is_found() -> None:
    assert NAMED.findall("see `no/such_module.py`, `labels/` and `x.csv`") == [
        "no/such_module.py",
        "labels/",
    ]
