"""The end of a run: failed steps, failed checks and warnings, on at most twenty lines."""

import sys
from typing import TYPE_CHECKING

from eemo_pipeline.cli.output import clean, counted, paint, say

if TYPE_CHECKING:
    from eemo_pipeline.orchestration.run_outcome import CheckLine, RunOutcome

MOST_FINDINGS = 20


def tell_findings(outcome: "RunOutcome", most: int = MOST_FINDINGS) -> None:
    """Write the findings to stderr, failures first, and how many are left out."""
    findings = [
        *(("failed", "31", f"{step}: {message}") for step, message in outcome.failed_steps),
        *(("check failed", "31", _say(line)) for line in outcome.failed_checks),
        *(("warning", "33", _say(line)) for line in outcome.warned_checks),
    ]
    for kind, colour, text in findings[:most]:
        say(f"{paint(kind, colour, sys.stderr)}  {clean(text)}")
    if len(findings) > most:
        say(f"and {counted(len(findings) - most, 'more finding')}; -v shows all")


def _say(line: "CheckLine") -> str:
    return f"{line.asset} {line.check}: {line.description}"
