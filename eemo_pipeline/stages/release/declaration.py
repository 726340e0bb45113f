"""What a person states about a release: `release.yaml` of the data root.

The licence is that of what this dataset adds: labels, texts, boxes and questions. Images and labels
of the sources keep their own terms, which stand at each row.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = "release.yaml"
_MOST_BYTES = 100_000

# Identifiers that Hugging Face knows -> the address of the text.
LICENCES = {
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc-by-nc-nd-4.0": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "cc-by-nc-sa-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "cc-by-nd-4.0": "https://creativecommons.org/licenses/by-nd/4.0/",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "mit": "https://opensource.org/license/mit",
    "odc-by": "https://opendatacommons.org/licenses/by/1-0/",
    "pddl": "https://opendatacommons.org/licenses/pddl/1-0/",
}


class BadDeclaration(Exception):
    """`release.yaml` is missing, unreadable or incomplete.

    Attributes:
        why: the problem.
        fix: what to write.
    """

    def __init__(self, why: str, fix: str) -> None:
        """Keep the problem and what to write."""
        super().__init__(why)
        self.why = why
        self.fix = fix


class Declaration(BaseModel):
    """The statements of `release.yaml`; only the licence is required."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str = Field(min_length=1, max_length=200)
    title: str = Field(default="EEmoDB", min_length=1, max_length=200)
    summary: str = Field(default="", max_length=20_000)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")
    creators: str = Field(default="", max_length=2_000)
    citation: str = Field(default="", max_length=20_000)
    homepage: str = Field(default="", max_length=2_000)
    contact: str = Field(default="", max_length=2_000)
    date: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    annotators: str = Field(default="", max_length=20_000)
    consent: str = Field(default="", max_length=20_000)
    pay: str = Field(default="", max_length=20_000)
    protection: str = Field(default="", max_length=20_000)
    uses: str = Field(default="", max_length=20_000)
    maintenance: str = Field(default="", max_length=20_000)


def read_declaration(file: Path, stated: Mapping[str, str]) -> Declaration:
    """Read `release.yaml`.

    Args:
        file: where it is; it may be missing where the licence is stated otherwise.
        stated: statements in place of those of the file.

    Raises:
        BadDeclaration: the file is missing, is no YAML, lacks the licence, or has an unknown key.
    """
    written = {} if "licence" in stated and not file.exists() else _read(file)
    try:
        return Declaration.model_validate(written | dict(stated))
    except ValidationError as error:
        raise _explain(error) from error


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise BadDeclaration(f"the file is larger than {_MOST_BYTES:,} bytes", "shorten it")
        written: Any = yaml.load(file.read_text("utf-8"), _PlainTexts)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise BadDeclaration(
            "nobody has stated the licence of what this dataset adds to its sources",
            "licence: cc-by-4.0",
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise BadDeclaration(" ".join(str(error).split())[:300], "licence: cc-by-4.0") from error
    if not isinstance(written, dict):
        raise BadDeclaration("it has no keys", "licence: cc-by-4.0")
    return {str(key): value for key, value in written.items()}


class _PlainTexts(yaml.SafeLoader):
    """Reads every scalar as text: a date stays as it was written."""


_PlainTexts.yaml_implicit_resolvers = {}


def _explain(error: ValidationError) -> BadDeclaration:
    first = error.errors()[0]
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        near = get_close_matches(key, Declaration.model_fields, 1)
        known = ", ".join(Declaration.model_fields)
        return BadDeclaration(
            f"unknown key {key[:60]!r}; known are {known}", f"{near[0] if near else 'title'}: ..."
        )
    if first["type"] == "missing":
        return BadDeclaration(f"the key {key} is missing", "licence: cc-by-4.0")
    return BadDeclaration(f"{key}: {first['msg']}", f"{key}: ...")
