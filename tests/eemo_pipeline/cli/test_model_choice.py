"""The budget of a command line: an empty one is a mistake, for a run as for its dry run."""

from pathlib import Path

import pytest

from eemo_pipeline.cli.model_choice import choose_models, choose_plan
from eemo_pipeline.cli.problems import Exit, Problem
from tests.support.commands import call_eemo

# What a shell makes of "$LIMIT", "$LIMIT,$OTHER" and "annotation=$LIMIT" without these variables.
EMPTY = ("", " ", ",", ",annotation=2", "5,", "annotation=")


@pytest.mark.parametrize("choose", [choose_models, choose_plan])
@pytest.mark.parametrize("text", EMPTY)
def test_an_empty_budget_is_a_usage_error(choose, text: str) -> None:
    with pytest.raises(Problem, match="budget was not understood") as caught:
        choose("local", [text])
    assert caught.value.code == Exit.USAGE
    assert "an amount is empty" in caught.value.why


def test_an_empty_budget_beside_another_is_a_usage_error() -> None:
    with pytest.raises(Problem, match="budget was not understood"):
        choose_models("local", ["", "annotation=2"])


def test_an_empty_variable_is_a_usage_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EEMO_BUDGET_USD", "")
    with pytest.raises(Problem, match="budget was not understood") as caught:
        choose_models("local")
    assert caught.value.where == "EEMO_BUDGET_USD="
    assert choose_models("local", ["5"]).budget_usd == "5"


def test_a_folder_without_a_model_is_said_before_anything_runs(tmp_path: Path) -> None:
    result = call_eemo("run", "--data", tmp_path, EEMO_BERTSCORE=str(tmp_path / "none"))
    assert result.returncode == Exit.CREDENTIAL
    assert "EEMO_BERTSCORE" in result.stderr
    assert "has no config.json" in result.stderr


@pytest.mark.parametrize("text", ["", "abc"])
def test_a_dry_run_checks_the_budget(text: str) -> None:
    result = call_eemo("run", "--dry-run", "--budget-usd", text)
    assert result.returncode == 2
    assert "the budget was not understood" in result.stderr


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        (("--budget-usd", "much"), "--budget-usd 5,annotation=2"),
        (("--budget-usd=", "--budget-usd", "2"), "--budget-usd 5,annotation=2"),
        (("--providers", "opneai"), "--providers openai,gemini"),
    ],
)
def test_a_fix_keeps_the_data_root_and_the_images(typed: tuple[str, ...], right: str) -> None:
    result = call_eemo("run", "--images", "my pictures", *typed, "--data", "other root")
    assert result.returncode == 2
    (fix,) = (line for line in result.stderr.splitlines() if line.startswith("fix:"))
    assert fix.endswith(f"run --images 'my pictures' --data 'other root' {right}")
