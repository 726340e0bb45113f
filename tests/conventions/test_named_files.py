"""Every file of this repository that a docstring, a comment or a document names exists."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("eemo_pipeline", "assets", "resources", "sql", "tests", "benchmarks")
MODULES = [path for folder in FOLDERS for path in sorted((REPOSITORY / folder).rglob("*.py"))]
DOCUMENTS = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md"))] + [
    path for folder in FOLDERS for path in sorted((REPOSITORY / folder).rglob("*.md"))
]
# A name in back-ticks with the ending of a file or folder of this repository.
NAMED = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:\.(?:py|md|toml|yaml|sql)|/))`")
# Files and folders of a data root or of another program.
NOT_OURS = {"data/", "downloads/", "exports/", "reports/", "sources/", "tables/"} | {
    *("LAVIS/lavis/weight/vicuna-7b-2/", "release.yaml", "DATASHEET.md", "guidelines.md")
}


def prose(path: Path) -> str:
    """Return the strings and comments of a module, or the whole text of a document."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(
        token.string for token in tokens if token.type in (tokenize.COMMENT, tokenize.STRING)
    )


def missing_files(path: Path) -> Iterator[str]:
    """Yield names that exist neither in a parent folder of the file nor in `eemo_pipeline/`."""
    places = [place for place in path.parents if place.is_relative_to(REPOSITORY)]
    places.append(REPOSITORY / "eemo_pipeline")
    for name in sorted(set(NAMED.findall(prose(path))) - NOT_OURS):
        if not any((place / name).exists() for place in places):
            yield name


def test_named_files_exist() -> None:
    missing = {
        path.relative_to(REPOSITORY).as_posix(): names
        for path in [*DOCUMENTS, *MODULES]
        if (names := list(missing_files(path)))
    }
    assert missing == {}


def test_a_name_that_leads_nowhere_is_found() -> None:
    names = ["no/such_module.py", "no_folder/"]
    text = " and ".join(f"`{name}`" for name in [*names, "x.csv"])
    assert NAMED.findall(text) == names
