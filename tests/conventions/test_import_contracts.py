"""Each import contract of pyproject.toml, broken on purpose in a copy, is reported."""

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
DOWN, NO_DAGSTER, RESOURCES_ONLY, THROUGH_TABLES = CONTRACTS

# The module, the line added to it, the contract that it breaks.
BREACHES = (
    ("eemo_pipeline/schema/columns.py", "import eemo_pipeline.storage", DOWN),
    ("eemo_pipeline/dedup.py", "import assets.dedup", DOWN),
    ("resources/ledger.py", "import assets.ingest", DOWN),
    ("eemo_pipeline/qa/draws.py", "import eemo_pipeline.assess", DOWN),
    ("assets/dedup.py", "import eemo_pipeline.definitions", DOWN),
    ("eemo_pipeline/ingest.py", "import dagster", NO_DAGSTER),
    ("eemo_pipeline/annotation/readings.py", "import openai", NO_DAGSTER),
    ("assets/labels.py", "import duckdb", RESOURCES_ONLY),
    ("assets/qa.py", "import subprocess", RESOURCES_ONLY),
    ("assets/dedup.py", "import assets.ingest", THROUGH_TABLES),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and of the contracts."""
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
    told = " ".join(answer.stdout.split())  # long names are wrapped
    kept = {name for name in CONTRACTS if f"{name} KEPT" in told}
    broken = {name for name in CONTRACTS if f"{name} BROKEN" in told}
    assert kept | broken == set(CONTRACTS), answer.stdout + answer.stderr
    return answer.returncode, broken


def test_the_tree_keeps_every_contract(tree: Path) -> None:
    assert broken_contracts(tree) == (0, set())


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_breach_is_reported(tree: Path, module: str, line: str, contract: str) -> None:
    sound = (tree / module).read_text("utf-8")
    try:
        (tree / module).write_text(f"{sound}\n{line}\n", "utf-8")
        code, broken = broken_contracts(tree)
    finally:
        (tree / module).write_text(sound, "utf-8")
    assert code == 1
    assert contract in broken


def test_every_contract_is_broken_once() -> None:
    assert {contract for _, _, contract in BREACHES} == set(CONTRACTS)
