"""The pages of a release: dataset card, datasheet and Croissant metadata, from one set of facts.

The texts are in `templates/`, each with its version in its name. A changed text is a new file and a
higher `PAGES`, so that the pages of an old release can be rendered again and compared.
"""

import html
import json
import re
from importlib.resources import files
from typing import Any

import yaml

from eemo_pipeline.stages.release.croissant import describe_dataset
from eemo_pipeline.stages.release.declaration import LICENCES
from eemo_pipeline.stages.release.facts import Facts
from eemo_pipeline.stages.release.manifest import Manifest

PAGES = 2  # the version of the templates and of `croissant.py` that new releases have
_TEMPLATES = files("eemo_pipeline.stages.release").joinpath("templates")
_LONGEST = 400
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


class UnknownPages(Exception):
    """The release was made by a newer version, whose pages cannot be rendered here."""


def render_pages(
    manifest: Manifest, facts: Facts, types: dict[str, dict[str, Any]]
) -> dict[str, str]:
    """Return file name -> text of README.md, DATASHEET.md and croissant.json.

    Args:
        manifest: the manifest; of its files, those that hold rows.
        facts: the numbers.
        types: configuration -> column -> polars type.

    Raises:
        UnknownPages: there are no templates of the manifest's version.
    """
    known = {
        "release": manifest,
        "declared": manifest.declaration,
        "facts": facts,
        "configs": manifest.configs,
        "front_matter": _render_front_matter(manifest, facts),
        "licence_link": LICENCES.get(manifest.declaration.licence.casefold(), ""),
    }
    croissant = describe_dataset(manifest, facts, types)
    return {
        "README.md": _render(f"card-{manifest.pages}.md", known),
        "DATASHEET.md": _render(f"datasheet-{manifest.pages}.md", known),
        "croissant.json": json.dumps(croissant, indent=1, ensure_ascii=False) + "\n",
    }


def inert(text: object, longest: int = _LONGEST) -> str:
    """Return text for a line or table cell of Markdown: no markup, one line, bounded."""
    plain = re.sub(
        r"\s+", " ", re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", " ", str(text))
    )
    plain = plain.strip()
    shortened = plain if len(plain) <= longest else plain[: longest - 1] + "…"
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", html.escape(shortened, quote=False))


def _render(name: str, known: dict[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined

    template = _TEMPLATES.joinpath(name)
    if not template.is_file():
        raise UnknownPages(f"{name} is unknown to this version")
    environment = Environment(  # noqa: S701 (Markdown; every foreign text passes `inert`)
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {
        "inert": inert,
        "whole": lambda text: inert(text, 20_000),
        "number": lambda value: f"{value:,}",
        "share": lambda value: f"{100 * value:.1f} %",
        "measure": lambda value: "too few" if value is None else f"{value:.3f}",
        "interval": lambda ends: "" if None in ends else " to ".join(f"{end:.3f}" for end in ends),
    }
    return environment.from_string(template.read_text("utf-8")).render(known)


def _list_paths(manifest: Manifest, config: str) -> dict[str, list[str]]:
    paths: dict[str, list[str]] = {}
    for file in manifest.data_files():
        if file.config == config:
            paths.setdefault(str(file.split), []).append(file.path)
    return paths


def _render_front_matter(manifest: Manifest, facts: Facts) -> str:
    """Return the YAML that Hugging Face reads: licence, sizes and configurations.

    https://huggingface.co/docs/hub/datasets-cards
    """
    declared = manifest.declaration
    licence = declared.licence.casefold()
    rows = max(sum(splits.values()) for splits in facts.rows.values())
    head: dict[str, Any] = {"pretty_name": declared.title, "license": licence}
    if licence not in LICENCES:
        head |= {"license": "other", "license_name": declared.licence}
    head |= {
        "language": [declared.language],
        "task_categories": ["image-classification", "visual-question-answering"],
        "size_categories": [next((name for most, name in _SIZES if rows < most), "n>1M")],
        "tags": ["emotion", "affective-computing", "valence-arousal"],
        "annotations_creators": ["machine-generated", *["expert-generated"] * bool(facts.raters)],
        "source_datasets": ["extended"],
        "configs": [
            {
                "config_name": name,
                **({"default": True} if name == next(iter(manifest.configs)) else {}),
                "data_files": [
                    {"split": split, "path": paths if len(paths) > 1 else paths[0]}
                    for split, paths in _list_paths(manifest, name).items()
                ],
            }
            for name in manifest.configs
        ],
    }
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=100)
