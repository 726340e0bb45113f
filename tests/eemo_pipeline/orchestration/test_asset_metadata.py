"""What is derived from the names of assets: kinds that say what makes them, and code versions."""

from pathlib import Path

import dagster as dg
import pytest

import eemo_pipeline
from eemo_pipeline.orchestration.asset_metadata import KINDS
from eemo_pipeline.orchestration.build import build_definitions
from eemo_pipeline.orchestration.code_versions import build_code_versions
from eemo_pipeline.stages.evaluation.prompt_files import PROMPTS as EVALUATION_PROMPTS
from eemo_pipeline.vlm.prompts import read_prompt

LIBRARY = Path(eemo_pipeline.__path__[0])
CRITIC = {
    *("critic__verdicts", "critic__steps", "critic__choices", "critic__weights", "critic__queue"),
    *("critic__word_choices", "_critic__replies", "_critic__regions"),
}
# prompt of the writer -> the kind of text that it asks for
WRITING = {
    "description-1": "descriptions",
    "reasoning-1": "reasonings",
    "detail-1": "details",
    "evocation-1": "evocations",
    "comparison-1": "comparisons",
    "dimension-1": "comparisons",
    "candidates-1": "candidates",
}
TEXTS = {f"texts__{kind}" for kind in WRITING.values()}
EVALUATION = {f"evaluation__{name}" for name in ("predictions", "scores", "comparisons")}
STUDIES = {
    *("_evaluation__attribute_ablations", "_evaluation__data_mixings"),
    *("_evaluation__source_transfers", "_evaluation__visual_baselines", "evaluation__studies"),
}
SENT_BY = {
    "annotate-1": {"annotation__replies", "batches__submissions", *CRITIC},
    "revise-1": CRITIC,
    "verify-1": {"verification__replies"},
    "generate-1": {"expansion__prompts"},
    "scene-1": CRITIC,
    "feeling-2": CRITIC,
    "words-2": CRITIC,
    **{prompt: {f"texts__{kind}", "batches__submissions"} for prompt, kind in WRITING.items()},
    "candidates-1": {"texts__candidates"},
    "rewrite-1": TEXTS,
    **dict.fromkeys(EVALUATION_PROMPTS, EVALUATION),
}
# Each of these follows a named method or sends a prompt.
VERSIONED = {
    "_ingest__measurements",
    "_verification__features",
    "annotation__replies",
    "batches__submissions",
    "expansion__prompts",
    "grounding__regions",
    "training__embeddings",
    "training__refusals",
    "training__runs",
    "verification__replies",
    "verification__words",
    *CRITIC,
    *EVALUATION,
    *STUDIES,
    *TEXTS,
}


@pytest.fixture(scope="module")
def specs() -> dict[str, dg.AssetSpec]:
    found = build_definitions().resolve_all_asset_specs()
    return {spec.key.to_user_string(): spec for spec in found}


def assets_of(specs: dict[str, dg.AssetSpec], kind: str) -> set[str]:
    return {name for name, spec in specs.items() if kind in spec.kinds}


def test_every_asset_of_the_table_of_kinds_exists(specs: dict[str, dg.AssetSpec]) -> None:
    assert set(KINDS) <= set(specs)
    assert {name: specs[name].kinds for name in KINDS} == KINDS


def test_kinds_name_what_is_used_there(specs: dict[str, dg.AssetSpec]) -> None:
    assert assets_of(specs, "scikitlearn") == {"verification__replies"}
    assert assets_of(specs, "duckdb") == {"dedup__clusters", "dedup__edges", "warehouse__database"}
    assert assets_of(specs, "opencv") == {
        "_ingest__measurements",
        "_verification__features",
        "annotation__replies",
        "grounding__regions",
    }
    asking = {
        "annotation__replies",
        "verification__replies",
        "critic__verdicts",
        "_critic__replies",
        "batches__submissions",
        "batches__collections",
        *TEXTS,
    }
    assert assets_of(specs, "gemini") == asking
    assert assets_of(specs, "openai") == asking | {"expansion__images"}


def test_assets_have_the_code_versions(specs: dict[str, dg.AssetSpec]) -> None:
    versions = {name: spec.code_version for name, spec in specs.items() if spec.code_version}
    assert set(versions) == VERSIONED
    assert versions == build_code_versions()


def test_every_prompt_on_disk_is_sent_by_an_asset() -> None:
    assert {path.stem for path in LIBRARY.rglob("prompts/*.md")} == set(SENT_BY)


@pytest.mark.parametrize("prompt", SENT_BY)
def test_another_prompt_changes_the_version_of_the_assets_that_send_it(prompt: str) -> None:
    def read(module: str, name: str) -> str:
        return read_prompt(module, name) + (" Be brief." if name == prompt else "")

    before, after = build_code_versions(), build_code_versions(read)
    assert {name for name, version in after.items() if version != before[name]} == SENT_BY[prompt]
