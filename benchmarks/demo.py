"""Time of `eemo demo` from scratch, and again over unchanged inputs, step by step.

Both runs are the real command in a new data root, one after the other. The times of the steps are
read from Dagster's events, from STEP_START to STEP_SUCCESS; checks are separate steps. "outside of
steps" is the rest of the command: starting Python, importing, writing the demo lake, loading the
graph, recording between steps. The second run computes nothing; its time is that rest, the checks,
and reading the tables. No time is asserted.

    python benchmarks/demo.py --steps 12
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dagster as dg

from resources.instance.dagster_home import open_instance

_EEMO = str(Path(sys.executable).with_name("eemo"))


def run_demo(data: Path) -> tuple[float, str, int, int]:
    """Return wall seconds of the command, the run's id, and the counts of computed and reused."""
    started = time.perf_counter()
    done = subprocess.run(
        [_EEMO, "demo", "--data", str(data), "--json"],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    taken = time.perf_counter() - started
    outcome = json.loads(done.stdout)
    return taken, outcome["run_id"], outcome["computed"], outcome["reused"]


def step_seconds(instance: dg.DagsterInstance, run_id: str) -> dict[str, float]:
    """Return the seconds per step; all steps that check tables are summed."""
    steps: dict[str, float] = {}
    for stats in instance.get_run_step_stats(run_id):
        if stats.start_time is not None and stats.end_time is not None:
            name = "checks of all tables" if stats.step_key.endswith("_checks") else stats.step_key
            steps[name] = steps.get(name, 0.0) + stats.end_time - stats.start_time
    return steps


def main() -> None:
    """Run the demo twice, and print the steps that took longest in either run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=12, help="lines of the table")
    shown = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "demo"
        runs = [run_demo(data) for _ in range(2)]
        with open_instance(data) as instance:
            first, second = (step_seconds(instance, run_id) for _, run_id, _, _ in runs)
            events = [
                len(instance.all_logs(run_id, of_type=set(dg.DagsterEventType)))
                for _, run_id, _, _ in runs
            ]
    print(f"load {os.getloadavg()[0]:.1f}; seconds, Dagster events {events[0]} and {events[1]}")
    print(f"{'':34}{'from nothing':>14}{'again':>9}{'ratio':>8}")
    lines = [(step, first.get(step, 0.0), second.get(step, 0.0)) for step in {**first, **second}]
    lines.sort(key=lambda line: -max(line[1:]))
    rest = sum(line[1] for line in lines[shown:]), sum(line[2] for line in lines[shown:])
    outside = runs[0][0] - sum(first.values()), runs[1][0] - sum(second.values())
    lines = [
        *lines[:shown],
        (f"{max(0, len(lines) - shown)} shorter steps", *rest),
        ("outside of steps", *outside),
        ("the whole command", runs[0][0], runs[1][0]),
    ]
    for step, before, after in lines:
        ratio = f"{after / before:8.2f}" if before > 0 else ""
        print(f"{step:34}{before:14.2f}{after:9.2f}{ratio}")
    for label, place in (("computed", 2), ("reused", 3)):
        print(f"{label + ' (answers and pictures)':34}{runs[0][place]:14,}{runs[1][place]:9,}")


if __name__ == "__main__":
    main()
