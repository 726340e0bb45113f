"""The tables on disk with their checks: also while a run has not reached its checks."""

import re
from pathlib import Path
from typing import Any

from eemo_pipeline.orchestration.runs import run_assets
from eemo_pipeline.orchestration.status import TableStatus, read_status


def test_status_works_during_a_run_and_shows_the_results_of_the_last_one(tmp_path: Path) -> None:
    seen: list[TableStatus] = []

    def look(kind: str, name: str, _: dict[str, Any]) -> None:
        if kind == "started" and name == "sources__datasets":
            seen.extend(row for row in read_status(tmp_path) if row.table == name)

    for _ in range(2):
        outcome = run_assets(tmp_path, 'key:"sources__datasets"', look)
        assert outcome.is_success
        (warning,) = outcome.warned_checks  # says the finding, not the rule
        assert re.match(r"\d+ rows, the first: source \w+, state absent", warning.description)
    first, second = seen
    assert (first.checks_passed, first.checks_warned, first.checks_failed) == (0, 0, 0)
    assert second.checks_passed > 0
    assert (second.checks_warned, second.checks_failed) == (1, 0)
