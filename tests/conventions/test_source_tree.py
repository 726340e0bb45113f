"""Conventions of the source tree that no linter checks."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from eemo_pipeline import sources
from eemo_pipeline.discovery import discover
from eemo_pipeline.sources import SourceDataset
from eemo_pipeline.stages.evaluation import benchmarks, response_formats
from eemo_pipeline.stages.evaluation.benchmarks import Benchmark
from eemo_pipeline.stages.evaluation.response_formats import ResponseFormat
from eemo_pipeline.stages.exports import formats
from eemo_pipeline.stages.exports.formats import Exporter
from eemo_pipeline.stages.qa import templates
from eemo_pipeline.stages.qa.templates import QaTemplate
from resources.instance.dagster_home import prepare_home

REPOSITORY = Path(__file__).parents[2]
LIBRARY = ("eemo_pipeline", "assets", "resources")
FOLDERS = (*LIBRARY, "sql", "tests", "benchmarks", ".ci")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
HEAVY = (
    *("torch", "transformers", "sklearn", "skimage", "scipy", "ray", "pandas", "pyarrow"),
    *("openai", "google.genai", "aiohttp", "httpx2"),
)
# Programs that run in a separate environment, which their users set up.
OTHER_ENVIRONMENTS = {
    "eemo_pipeline/stages/training/jobs/des_head.py",
    "eemo_pipeline/stages/training/jobs/grpo.py",
    "eemo_pipeline/stages/training/jobs/hidden_states.py",
    "eemo_pipeline/stages/training/jobs/sft.py",
    "eemo_pipeline/stages/training/jobs/vision_language/base_models.py",
    "eemo_pipeline/stages/training/jobs/vision_language/cold_start.py",
    "eemo_pipeline/stages/training/jobs/vision_language/conversations.py",
    "eemo_pipeline/stages/training/jobs/vision_language/tiny_model.py",
    "eemo_pipeline/stages/training/jobs/vision_language/trainer_runs.py",
    "resources/child_models/emovit/convert_checkpoint.py",
    "resources/child_models/emovit/serve.py",
    "resources/child_models/dino_sam.py",
    "resources/child_models/grounding_lines.py",
    "resources/child_models/groundingdino_native.py",
    "resources/child_models/image_classifier.py",
    "resources/child_models/image_embeddings.py",
    "resources/child_models/json_lines.py",
    "resources/child_models/model_hub.py",
    "resources/child_models/bertscore_pairs.py",
    "resources/child_models/clip_texts.py",
    "resources/child_models/sentence_embeddings.py",
    "resources/child_models/vision_language.py",
}
VAGUE = {"utils", "util", "helpers", "common", "base", "manager", "misc"}
# Settings of dagster.yaml for storage locations. A data root uses Dagster's defaults instead.
PLACES = {"storage", "local_artifact_storage", "compute_logs"}


def files_of(*folders: str) -> list[Path]:
    """Return every file below the folders, without Python's bytecode caches."""
    return [
        path
        for folder in folders
        for path in sorted((REPOSITORY / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]


def modules_of(*folders: str) -> list[Path]:
    return [path for path in files_of(*folders) if path.suffix == ".py"]


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def test_a_module_opens_by_saying_what_it_is_for() -> None:
    silent, vague = [], []
    for path in modules_of(*LIBRARY, "benchmarks"):
        tree = ast.parse(path.read_text("utf-8"))
        is_empty_package = path.name == "__init__.py" and not tree.body
        if not is_empty_package and not ast.get_docstring(tree):
            silent.append(named(path))
        if path.stem in VAGUE:
            vague.append(named(path))
    assert silent == [], "these modules have no docstring"
    assert vague == [], "these names say nothing about what is in the modules"


def test_files_and_functions_stay_readable() -> None:
    long_files = [
        named(path)
        for path in modules_of(*LIBRARY)
        if path.read_text("utf-8").count("\n") > 400 and path.parent.name != "schema"
    ]
    long_functions = [
        f"{named(path)}:{node.name}"
        for path in modules_of(*LIBRARY)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert long_files == long_functions == []


@pytest.mark.parametrize(
    ("package", "attribute", "kind"),
    [
        (sources, "SOURCE", SourceDataset),
        (templates, "TEMPLATE", QaTemplate),
        (formats, "EXPORTER", Exporter),
        (benchmarks, "BENCHMARK", Benchmark),
        (response_formats, "FORMAT", ResponseFormat),
    ],
)
def test_a_plug_in_is_named_as_its_file(
    package: ModuleType, attribute: str, kind: type[SourceDataset]
) -> None:
    folder = Path(package.__path__[0])
    found = discover(package, attribute, kind)
    assert set(found) == {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {module: declared.name for module, declared in found.items()} == {
        module: module for module in found
    }


def loaded(program: str, names: Sequence[str]) -> str:
    """Run a Python program and return, as text, which of the modules it has loaded at its end."""
    told = f"{program}\nimport sys\nprint(sorted(set({tuple(names)!r}) & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", told], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return answer.stdout


def test_loading_the_definitions_loads_nothing_heavy() -> None:
    program = "from eemo_pipeline.definitions import build_definitions\nbuild_definitions()"
    assert loaded(program, HEAVY) == "[]\n"


@pytest.mark.parametrize(
    "name", ["local_server", "network.downloads", "providers.registry", "budgets"]
)
def test_what_works_without_dagster_does_not_wait_for_it(name: str) -> None:
    assert loaded(f"import resources.{name}", ["dagster", *HEAVY]) == "[]\n"


def test_a_data_root_has_the_settings_of_the_repository(tmp_path: Path) -> None:
    ours = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text("utf-8"))
    written = yaml.safe_load((prepare_home(tmp_path) / "dagster.yaml").read_text("utf-8"))
    history, named = ours["storage"]["custom"], written.pop("storage")["custom"]
    assert named == history | {"config": {"base_dir": str((tmp_path / ".dagster").resolve())}}
    assert written == {name: value for name, value in ours.items() if name not in PLACES}
    assert set(ours) >= PLACES
    assert ours["telemetry"] == ours["nux"] == {"enabled": False}


def test_constraints_pin_every_dependency_within_its_bounds() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line.strip() and not line.startswith("#")]
    assert [
        pin for pin in pins if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[0-9][\w.+!]*", pin)
    ] == []
    assert not any("/" in line for line in lines if not line.startswith("#"))
    assert "://" not in "\n".join(lines)
    versions = dict(pin.split("==") for pin in pins)
    assert list(versions) == sorted(versions)
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    wanted = [
        Requirement(text) for text in [*project["dependencies"], *chain.from_iterable(extras)]
    ]
    assert {
        requirement.name: versions.get(canonicalize_name(requirement.name))
        for requirement in wanted
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    } == {}


def test_no_file_names_a_machine_or_an_index() -> None:
    places = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers", "mn" + "t"))
    hosts = ("pypi" + ".org", "python" + "hosted", "index" + "-url", "arti" + "factory")
    forbidden = re.compile(
        rf"(?<![\w.~*])/(?:{places})/(?!me/)\w|" + "|".join(re.escape(host) for host in hosts)
    )
    own = [path for path in REPOSITORY.iterdir() if path.is_file() and path.name not in _PRIVATE]
    found = [
        f"{named(path)}: {match.group()}"
        for path in [*own, *files_of(*FOLDERS)]
        for match in forbidden.finditer(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


_PRIVATE = {".env", "uv.lock"}  # local files that are never committed


def _needed_packages(path: Path) -> set[str]:
    """Return the top-level names of a module's required imports, including those in functions.

    An import is optional if it is inside a `try` that handles ImportError.
    """
    tree = ast.parse(path.read_text("utf-8"))
    optional = {
        inner
        for outer in ast.walk(tree)
        if isinstance(outer, ast.Try)
        and any(
            isinstance(handler.type, ast.Name) and handler.type.id == "ImportError"
            for handler in outer.handlers
        )
        for inner in chain.from_iterable(ast.walk(line) for line in outer.body)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in optional:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node not in optional:
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_the_base_install_brings_all_that_its_code_imports() -> None:
    """A package installed only by an extra or by another package may be missing for a new user."""
    declared = {
        canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["dependencies"]
    }
    brought = packages_distributions()
    missing = {
        f"{named(path)} imports {name}, of {', '.join(brought.get(name, ['nothing installed']))}"
        for path in modules_of(*LIBRARY)
        if named(path) not in OTHER_ENVIRONMENTS
        for name in _needed_packages(path) - set(sys.stdlib_module_names) - {*LIBRARY, "sql"}
        if declared.isdisjoint(map(canonicalize_name, brought.get(name, [])))
    }
    assert missing == set()


def test_the_tree_of_tests_mirrors_the_tree_of_code() -> None:
    folders = {
        path.parent.relative_to(REPOSITORY / "tests")
        for package in LIBRARY
        for path in modules_of(f"tests/{package}")
    }
    assert {folder for folder in folders if not any((REPOSITORY / folder).glob("*.py"))} == set()
