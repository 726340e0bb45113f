"""A violation of any import contract of pyproject.toml, made in a copy of the code, is reported."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINT = Path(sys.executable).parent / "lint-imports"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
CONTRACTS = [contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]]
DOWN, FLOORS, STAGES_APART, DAGSTER, SDKS, WEB, DEEP_LEARNING = CONTRACTS[:7]
ADAPTERS, JOBS, RESOURCES_ONLY, ASSETS_APART = CONTRACTS[7:]

# (module, line to add, contract it breaks). A module that does not exist is created.
BREACHES = (
    ("eemo_pipeline/schema/columns.py", "import eemo_pipeline.lake.parquet", FLOORS),
    ("eemo_pipeline/roles/critic.py", "import eemo_pipeline.vlm.contract", FLOORS),
    ("eemo_pipeline/shelf.py", "", FLOORS),
    ("eemo_pipeline/stages/dedup/__init__.py", "import assets.dedup", DOWN),
    ("resources/storage/ledger.py", "import assets.ingest", DOWN),
    ("assets/dedup.py", "import eemo_pipeline.definitions", DOWN),
    ("eemo_pipeline/stages/qa/column_draws.py", "import eemo_pipeline.stages.assess", STAGES_APART),
    ("eemo_pipeline/stages/ingest.py", "import dagster", DAGSTER),
    ("eemo_pipeline/stages/annotation/embedded_answers.py", "import openai", SDKS),
    ("resources/roles/critics.py", "import google.genai", SDKS),
    ("eemo_pipeline/stages/records.py", "import fastapi", WEB),
    ("eemo_pipeline/stages/grounding/__init__.py", "import torch", DEEP_LEARNING),
    ("resources/workers.py", "import ray", DEEP_LEARNING),
    ("eemo_pipeline/sources/oasis.py", "import eemo_pipeline.lake.parquet", ADAPTERS),
    (
        "eemo_pipeline/stages/training/jobs/emotion_classifier.py",
        "import eemo_pipeline.lake.parquet",
        JOBS,
    ),
    ("resources/child_models/emovit/serve.py", "import eemo_pipeline.imaging.opening", JOBS),
    ("assets/labels.py", "import duckdb", RESOURCES_ONLY),
    ("assets/qa.py", "import subprocess", RESOURCES_ONLY),
    ("assets/dedup.py", "import assets.ingest", ASSETS_APART),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the packages and of the contracts."""
    tree = tmp_path_factory.mktemp("tree")
    for package in PROJECT["tool"]["importlinter"]["root_packages"]:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / package, tree / package, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", tree)
    return tree


def broken_contracts(tree: Path) -> tuple[int, set[str]]:
    answer = subprocess.run(
        [LINT, "--cache-dir", tree / "cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = " ".join(answer.stdout.split())  # undo the wrapping of long names
    kept = {name for name in CONTRACTS if f"{name} KEPT" in told}
    broken = {name for name in CONTRACTS if f"{name} BROKEN" in told}
    assert kept | broken == set(CONTRACTS), answer.stdout + answer.stderr
    return answer.returncode, broken


def test_the_tree_keeps_every_contract(tree: Path) -> None:
    assert broken_contracts(tree) == (0, set())


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_breach_is_reported(tree: Path, module: str, line: str, contract: str) -> None:
    path = tree / module
    sound = path.read_text("utf-8") if path.exists() else None
    try:
        path.write_text(f"{sound or ''}\n{line}\n", "utf-8")
        code, broken = broken_contracts(tree)
    finally:
        if sound is None:
            path.unlink()
        else:
            path.write_text(sound, "utf-8")
    assert code == 1
    assert contract in broken


def test_every_contract_is_broken_once() -> None:
    assert {contract for _, _, contract in BREACHES} == set(CONTRACTS)
