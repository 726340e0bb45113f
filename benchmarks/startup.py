"""Start-up time of the command and its parts, compared with Python and Dagster alone.

Every measurement starts a new interpreter. The commands run in turn, and the best of several rounds
counts. A bare Python and the import of Dagster show their share of the time. A first round, which
does not count, compiles modules to bytecode. No time is asserted.

    python benchmarks/startup.py --rounds 5
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

_EEMO = str(Path(sys.executable).with_name("eemo"))
_BUILD = "from eemo_pipeline.definitions import build_definitions; build_definitions()"
_WAYS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "eemo --help": [_EEMO, "--help"],
    "import dagster": [sys.executable, "-c", "import dagster"],
    "import eemo_pipeline.definitions": [sys.executable, "-c", "import eemo_pipeline.definitions"],
    "build_definitions()": [sys.executable, "-c", _BUILD],
    "a worker's modules": [
        sys.executable,
        "-c",
        "import eemo_pipeline.imaging.opening, scipy.fftpack",
    ],
}


def seconds(command: list[str]) -> float:
    """Return the wall time of a command, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Time every command in turn, and print the best time of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    best = {name: float("inf") for name in _WAYS}
    for number in range(rounds + 1):
        for name, command in _WAYS.items():
            taken = seconds(command)
            if number:
                best[name] = min(best[name], taken)
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'best of ' + str(rounds):34}{'seconds':>9}{'of dagster':>12}")
    for name, taken in best.items():
        print(f"{name:34}{taken:9.2f}{taken / best['import dagster']:12.2f}")


if __name__ == "__main__":
    main()
