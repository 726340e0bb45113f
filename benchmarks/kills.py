"""Kills a run at random moments, and counts answers that are billed twice or lost.

Each kill has its own local server, in a process that survives, and a new ledger. The process group
of the run gets SIGKILL at a moment drawn from a seed, uniformly over the duration of an undisturbed
run. Then the same command is started again and runs to its end.

`engine` kills a small program around the engine. `run` kills whole runs of `eemo run` on a folder
of images, whose two annotators are the local server's models over both SDKs.

Columns, in answers or requests:

- `paid`: billed before the kill, including those that the server finished after it;
- `open`: in progress on the server at the kill;
- `kept`: in the ledger after the kill;
- `twice`: billed a second time after the restart;
- `lost`: returned to the caller but not in the ledger, or billed but not in the ledger at the end.

The script fails if anything is lost, or if more is billed twice than the limit of calls in flight.

    python benchmarks/kills.py engine run --kills 20
"""

import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.calls import MODEL, ROLE, build_questions, compatible
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.stats.hash_draws import unit_interval
from eemo_pipeline.vlm.questions import Limits
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import KEY, LocalServer, local_server

LATENCY_MS = 100
IN_FLIGHT = 64
RUN_IN_FLIGHT = 2 * 256  # `eemo run` asks both annotators with the engine's own limit each
QUESTIONS = 640
PICTURES = 300
_SETTLED_S = 4 * LATENCY_MS / 1000  # after this time the server has finished abandoned requests
_REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Killed:
    """The counts of one kill; see the module."""

    after_s: float
    paid: int
    open: int
    kept: int
    twice: int
    lost: int

    @property
    def at_stake(self) -> int:
        """Answers that were billed but not kept; they are billed again."""
        return self.paid - self.kept


@dataclass(frozen=True)
class Victim:
    """A run that can be killed.

    Attributes:
        command: the command that starts the run.
        ledger: the file of its ledger.
        handed_out: file with the keys that were returned to the caller; missing if not written.
    """

    command: Sequence[str]
    ledger: Path
    handed_out: Path

    def start(self, server: LocalServer) -> subprocess.Popen[bytes]:
        """Start the run in its own process group, with the vendors' variables set to the server."""
        environment = os.environ | {
            "OPENAI_BASE_URL": server.openai_url,
            "OPENAI_API_KEY": server.key,
            "GOOGLE_GEMINI_BASE_URL": server.gemini_url,
            "GEMINI_API_KEY": server.key,
            "LOCAL_SERVER_PORT": str(server.port),
        }
        return subprocess.Popen(
            self.command,
            cwd=_REPOSITORY,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, server: LocalServer) -> None:
        """Start the run, and wait for its end."""
        with self.start(server) as process:
            said = process.communicate()[1].decode("utf-8", "replace")
        if process.returncode:
            raise SystemExit(f"the run ended with exit code {process.returncode}: {said[-2000:]}")

    def keys(self) -> set[str]:
        """Return the keys of providers' answers in the ledger."""
        if not self.ledger.exists():
            return set()
        with closing(sqlite3.connect(self.ledger)) as connection:
            query = "select key from answers where provider <> 'embedded'"
            return {key for (key,) in connection.execute(query)}


def kill_once(victim: Victim, server: LocalServer, after_s: float) -> Killed:
    """Kill the run `after_s` seconds after its first request, start it again, and count."""
    with victim.start(server) as process:
        while not server.account()["requests"] + server.account()["in_flight"]:
            if process.poll() is not None:
                raise SystemExit(f"the run ended by itself: {process.communicate()[1].decode()}")
            time.sleep(0.002)
        time.sleep(after_s)
        os.killpg(process.pid, signal.SIGKILL)
        is_open = server.account()["in_flight"]
        process.communicate()
    time.sleep(_SETTLED_S)
    paid, kept = server.account()["billed"], victim.keys()
    out = set(victim.handed_out.read_text().split()) if victim.handed_out.exists() else set()
    victim.finish(server)
    account, keys = server.account(), victim.keys()
    unkept = account["billed"] - account["repeated"] - len(keys)
    lost = len(out - kept) + len(kept - keys) + unkept
    return Killed(after_s, paid, is_open, len(kept), account["repeated"], lost)


def time_alone(victim: Victim, server: LocalServer) -> float:
    """Return the seconds from the first request to the last answer of an undisturbed run."""
    began = ended = seen = 0.0
    with victim.start(server) as process:
        while process.poll() is None:
            account = server.account()
            if account["billed"] + account["in_flight"]:
                began = began or time.monotonic()
            if account["billed"] > seen:
                seen, ended = account["billed"], time.monotonic()
            time.sleep(0.01)
        process.communicate()
    return ended - began


def engine_victim(folder: Path, count: int = QUESTIONS, in_flight: int = IN_FLIGHT) -> Victim:
    """Return the small program around the engine."""
    folder.mkdir(parents=True)
    ledger, out = folder / "ledger.sqlite", folder / "handed_out"
    command = [sys.executable, "-m", "benchmarks.kills", "--child", str(ledger), str(out)]
    return Victim([*command, str(count), str(in_flight)], ledger, out)


def ask_and_tell(ledger: Path, handed_out: Path, count: int, in_flight: int) -> None:
    """Ask for answers that the ledger lacks, and write each key to a file when it is returned."""
    server = LocalServer(int(os.environ["LOCAL_SERVER_PORT"]), KEY, 0)
    asks = [Ask(f"{number:064x}", number) for number in range(count)]
    told = os.open(handed_out, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    with closing(Ledger(ledger)) as store:
        session = Session(store, Budget(), read_prices(), Limits(in_flight=in_flight))
        model = compatible(server)
        known = store.find([ask.key(ROLE, MODEL) for ask in asks])
        open_asks = [ask for ask in asks if ask.key(ROLE, MODEL) not in known]
        for question, _ in session.ask_all(model, build_questions(open_asks), stage="annotation"):
            os.write(told, f"{question.key}\n".encode())


class Lakes:
    """Data roots for `eemo run`, with images that are ingested but not annotated."""

    def __init__(self, folder: Path) -> None:
        """Draw the images and ingest them once."""
        self._pictures, self._first = folder / "pictures", folder / "first"
        self._pictures.mkdir(parents=True)
        random_numbers = np.random.default_rng(0)
        for number in range(PICTURES):
            pixels = random_numbers.integers(0, 256, (12, 16, 3), dtype=np.uint8)
            picture = Image.fromarray(pixels).resize((128, 96), Image.Resampling.BICUBIC)
            picture.save(self._pictures / f"{number}.png")
        prices = folder / "prices.toml"
        models = (("openai", "local-a"), ("gemini", "local-b"))
        lines = [f'["{provider}"."{model}"]\ninput = 1\noutput = 2\n' for provider, model in models]
        prices.write_text("".join(lines))
        os.environ["EEMO_PRICES"] = str(prices)
        reading = self._command(self._first, "+key:dedup__images", "embedded")
        subprocess.run(reading, cwd=_REPOSITORY, check=True, capture_output=True)

    def copy(self, folder: Path) -> Victim:
        """Return a run with its own data root, for one kill."""
        shutil.copytree(self._first, folder, symlinks=True)
        models = "openai:local-a,gemini:local-b"
        command = self._command(folder, 'key:"annotation__replies"', models)
        return Victim(command, folder / "ledger.sqlite", folder / "handed_out")

    def _command(self, data: Path, selection: str, providers: str) -> list[str]:
        program = "from eemo_pipeline.cli import main; main()"
        words = ["run", "--images", str(self._pictures), "--data", str(data)]
        words += ["--select", selection, "--providers", providers, "--json"]
        return [sys.executable, "-c", program, *words]


def show_kills(part: str, kills: int, seed: int, folder: Path) -> bool:
    """Print one line per kill; return whether nothing was lost and the limit held."""
    lakes = Lakes(folder / "lakes") if part == "run" else None
    limit = IN_FLIGHT if lakes is None else RUN_IN_FLIGHT

    def victim(name: str) -> Victim:
        place = folder / f"{part}-{name}"
        return engine_victim(place) if lakes is None else lakes.copy(place)

    with local_server(latency_ms=LATENCY_MS, answers="schema") as server:
        alone_s = time_alone(victim("alone"), server)
    moments = [alone_s * unit_interval(str(seed), str(number)) for number in range(kills)]
    print(f"\n{part}: {kills} kills within {alone_s:.2f} s of asking, at most {limit} in flight")
    print(f"{'after s':>9}{'paid':>7}{'open':>7}{'kept':>7}{'twice':>7}{'lost':>7}")
    found: list[Killed] = []
    for number, moment in enumerate(moments):
        with local_server(latency_ms=LATENCY_MS, answers="schema") as server:
            killed = kill_once(victim(str(number)), server, moment)
        found.append(killed)
        print(
            f"{killed.after_s:9.3f}{killed.paid:7}{killed.open:7}{killed.kept:7}"
            f"{killed.twice:7}{killed.lost:7}",
            flush=True,
        )
    print(
        f"{'most':>9}{'':7}{max(k.open for k in found):7}{'':7}"
        f"{max(k.twice for k in found):7}{max(k.lost for k in found):7}"
    )
    return all(killed.lost == 0 and killed.twice <= limit for killed in found)


def main() -> int:
    """Run the chosen parts; return 1 if a part fails."""
    if sys.argv[1:2] == ["--child"]:
        ledger, handed_out, count, in_flight = sys.argv[2:]
        ask_and_tell(Path(ledger), Path(handed_out), int(count), int(in_flight))
        return 0
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["engine"])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        kept = [show_kills(part, options.kills, options.seed, Path(name)) for part in options.parts]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
