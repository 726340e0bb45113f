"""The files of a Ray cluster agree with the code: names, ports, paths, versions, sizes."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from eemo_pipeline.stages.training.recipe import list_recipes, read_recipe
from resources.child_models.placement import RAY as EXECUTOR_RAY
from resources.child_models.placement import VARIABLE as EXECUTOR
from resources.launchers.choice import RAY, VARIABLE
from resources.launchers.ray_address import DEFAULT_ADDRESS

REPOSITORY = Path(__file__).parents[2]
FILES = REPOSITORY / "deploy" / "ray"
VARIABLES = {"EEMO_DATA": "/data", VARIABLE: RAY, EXECUTOR: EXECUTOR_RAY}
PORT = DEFAULT_ADDRESS.rpartition(":")[2]


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((FILES / name).read_text())


def test_variables_are_those_of_the_example() -> None:
    known = set(re.findall(r"EEMO_\w+", (REPOSITORY / ".env.example").read_text()))
    for name in ("compose.yaml", "kuberay-values.yaml", "Dockerfile"):
        assert set(re.findall(r"EEMO_\w+", (FILES / name).read_text())) <= known


def test_every_container_launches_on_ray_and_sees_one_data_root() -> None:
    services = read("compose.yaml")["services"]
    for service in services.values():
        assert service["environment"] == VARIABLES
        assert [volume.rpartition(":")[2] for volume in service["volumes"]] == ["/data"]
    values = read("kuberay-values.yaml")
    variables = {v["name"]: v["value"] for v in values["common"]["containerEnv"]}
    assert variables == VARIABLES
    for group in (values["head"], values["worker"]):
        assert group["volumeMounts"][0]["mountPath"] == "/data"
        assert {v["name"] for v in group["volumes"]} == {m["name"] for m in group["volumeMounts"]}


def test_trainers_have_the_memory_that_their_loaders_share() -> None:
    """Docker and Kubernetes give 64 MB, and a loader's process that gets no more is killed."""
    services = read("compose.yaml")["services"]
    assert {service["shm_size"] for service in services.values()} == {"4gb"}
    worker = read("kuberay-values.yaml")["worker"]
    mounted = {mount["mountPath"]: mount["name"] for mount in worker["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in worker["volumes"]}
    shared = volumes[mounted["/dev/shm"]]  # noqa: S108 (a place in the container)
    assert shared["emptyDir"] == {"medium": "Memory", "sizeLimit": "4Gi"}


def test_the_head_listens_where_the_launcher_looks_and_takes_no_job() -> None:
    head = read("compose.yaml")["services"]["head"]
    assert f"--dashboard-port={PORT} " in head["command"]
    assert "--num-cpus=0 " in head["command"]
    assert head["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    started = read("kuberay-values.yaml")["head"]["rayStartParams"]
    assert (started["dashboard-port"], started["num-cpus"]) == (PORT, "0")


def test_the_image_is_built_of_what_the_project_has() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    text = (FILES / "Dockerfile").read_text()
    (version,) = re.findall(r"^FROM python:([\d.]+)-slim$", text, re.MULTILINE)
    assert SpecifierSet(project["requires-python"]).contains(f"{version}.0")
    (extras,) = re.findall(r"\.\[([a-z,]+)\]", text)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    for service in read("compose.yaml")["services"].values():
        assert (FILES / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_every_recipe_fits_on_a_node() -> None:
    worker = read("kuberay-values.yaml")["worker"]
    limits = worker["resources"]["limits"]
    store = int(worker["rayStartParams"]["object-store-memory"]) / 1024**3
    memory = float(limits["memory"].removesuffix("Gi")) - store
    for recipe in map(read_recipe, list_recipes()):
        assert recipe.cpus <= float(limits["cpu"]), recipe.name
        assert recipe.gpus <= limits["nvidia.com/gpu"], recipe.name
        assert recipe.memory_gb <= memory, recipe.name


@pytest.mark.skipif(find_spec("ray") is None, reason="not installed: ray (make cluster)")
def test_options_are_those_of_ray_start() -> None:
    from ray.scripts.scripts import start  # pyright: ignore

    known = {option for part in start.params for option in part.opts}
    commands = [s["command"] for s in read("compose.yaml")["services"].values()]
    used = {option for command in commands for option in re.findall(r"--[a-z-]+", command)}
    values = read("kuberay-values.yaml")
    for group in (values["head"], values["worker"]):
        used |= {f"--{name}" for name in group["rayStartParams"]}
    assert used <= known
