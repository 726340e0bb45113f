"""What a run found fits on a screen; `-v` shows all of it."""

import sys

import pytest

from eemo_pipeline.cli.findings import MOST_FINDINGS, tell_findings
from eemo_pipeline.orchestration.run_outcome import CheckLine, RunOutcome


def test_failures_come_first_and_what_is_left_out_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    warned = [CheckLine("qa__items", f"check_{number}", "1 row\x1b[31m") for number in range(25)]
    outcome = RunOutcome(
        "run",
        is_success=False,
        seconds=1.0,
        failed_steps=[("qa", "no room")],
        failed_checks=[warned[0]],
        warned_checks=warned,
    )
    tell_findings(outcome)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "failed  qa: no room"
    assert lines[1] == "check failed  qa__items check_0: 1 row"
    assert lines[2] == "warning  qa__items check_0: 1 row"
    assert lines[MOST_FINDINGS:] == ["and 7 more findings; -v shows all"]
    tell_findings(outcome, sys.maxsize)
    assert len(capsys.readouterr().err.splitlines()) == 27
