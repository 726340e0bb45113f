"""Overhead of a model call, compared with common clients.

All calls go to the local server in a separate process; the clients run in turn. A request is the
annotator's real one with an image of 15 kB (20 kB as base64). The engine checks the reply by the
annotator's own rules.

`speed`: the same calls by aiohttp alone (the lower bound: nothing is checked or stored), by the
bare openai client on its aiohttp transport, and by the engine (every attempt and answer durable in
the ledger, budget, validation) over the openai SDK and over our own provider. The best round
counts.

`faults`: the server allows 300 requests per second, answers 1.5 % with status 500, hangs on 0.5 %
for 20 s and returns broken JSON for 1 %. The reference client knows the limit and sends at exactly
that rate; the engine does not know it.

`crash`: a process is killed with SIGKILL when half of the answers have been billed, and is started
again; then the source grows by 1 %; then nothing changes. `asking` excludes Python's start.

No threshold is asserted.

    python benchmarks/calls.py speed faults crash
"""

import argparse
import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from eemo_pipeline.ledger.answering import Inquiry, Recorded, answer_all
from eemo_pipeline.ledger.store import Answer, Ask, Ledger
from eemo_pipeline.stages.annotation import vlm_annotator
from eemo_pipeline.stages.annotation.reply_schema import REPLY, read_annotation
from eemo_pipeline.vlm.contract import EncodedPicture, VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Limits, Question
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import KEY, LocalServer, local_server
from resources.providers.chat_completions import build_body
from resources.providers.compatible_vlm import CompatibleVlm
from resources.providers.openai_vlm import OpenAiVlm

MODEL, PROVIDER, ROLE = "local-a", "local_openai", "annotator"
PICTURE_BYTES = 15_000
FAULTS = {
    "requests_per_second": 300,
    "burst": 300,
    "says_limits": False,
    "latency_ms": 200,
    "rules": [
        {"fault": "server_error", "share": 0.015},
        {"fault": "hang", "share": 0.005, "seconds": 20},
        {"fault": "broken_json", "share": 0.01},
    ],
}


def draw_picture() -> bytes:
    """Return a JPEG file of 160x120, shorter than PICTURE_BYTES."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


_PICTURE = draw_picture()


def build_request(number: int) -> VlmRequest:
    """Return the annotator's request about a distinct image.

    Images differ only in bytes after the end of the JPEG, which decoders ignore.
    """
    data = _PICTURE + number.to_bytes(PICTURE_BYTES - len(_PICTURE), "big")
    return VlmRequest(
        instruction=read_prompt(vlm_annotator.__name__, vlm_annotator.ANNOTATE),
        question="Fill in the record about this picture.",
        pictures=(EncodedPicture(data, "image/jpeg", 160, 120),),
        schema_name="annotation",
        schema=REPLY,
        max_output_tokens=1500,
    )


def build_questions(asks: Sequence[Ask]) -> Iterator[Question]:
    """Yield one question per ask, whose payload is the image's number."""
    for ask in asks:
        yield Question(
            ask.key(ROLE, MODEL),
            ask.image_id,
            ROLE,
            lambda number=ask.payload: build_request(number),
            read_annotation,
        )


def ask_engine(
    model: VisionLanguageModel, count: int, ledger: Path, in_flight: int, timeout_s: float = 60.0
) -> int:
    """Ask through ledger and engine; return the number of usable answers."""
    with closing(Ledger(ledger)) as store:
        limits = Limits(in_flight=in_flight, timeout_s=timeout_s)
        session = Session(store, Budget(), read_prices(), limits)
        asks = [Ask(f"{number:064x}", number) for number in range(count)]
        by_key = {ask.key(ROLE, MODEL): ask for ask in asks}

        def perform(open_asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
            questions = build_questions(open_asks)
            for question, answer in session.ask_all(model, questions, stage="annotation"):
                yield by_key[question.key], answer

        answers = answer_all(store, Inquiry(ROLE, MODEL, asks, perform, provider=PROVIDER))
    return sum(answer["status"] == "ok" for answer in answers.values)


def compatible(server: LocalServer) -> CompatibleVlm:
    """Return our own provider's model on the server."""
    return CompatibleVlm(MODEL, PROVIDER, server.openai_url, server.key)


def encode_body(number: int) -> bytes:
    """Return the body of a request for aiohttp."""
    return json.dumps(build_body(build_request(number), MODEL) | {"max_tokens": 1500}).encode()


async def call_plainly(server: LocalServer, count: int, in_flight: int) -> int:
    """Call by aiohttp alone, the lower bound in Python; return the number of replies."""
    import aiohttp

    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    slots = asyncio.Semaphore(in_flight)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def call(number: int) -> bool:
            async with (
                slots,
                session.post(
                    f"{server.openai_url}/chat/completions", data=encode_body(number)
                ) as reply,
            ):
                body = json.loads(await reply.read())
                return bool(body["choices"][0]["message"]["content"])

        return sum(await asyncio.gather(*map(call, range(count))))


async def call_by_sdk(server: LocalServer, count: int, in_flight: int) -> int:
    """Call by the openai client, used as documented, on its faster transport."""
    from openai import AsyncOpenAI, DefaultAioHttpClient

    slots = asyncio.Semaphore(in_flight)
    async with AsyncOpenAI(
        api_key=KEY, base_url=server.openai_url, http_client=DefaultAioHttpClient(), max_retries=0
    ) as client:

        async def call(number: int) -> bool:
            async with slots:
                body = build_body(build_request(number), MODEL)
                reply = await client.chat.completions.create(**body, max_tokens=1500)
                return bool(reply.choices[0].message.content)

        return sum(await asyncio.gather(*map(call, range(count))))


async def call_paced(server: LocalServer, count: int, rate: float) -> int:
    """Call at a known rate, with requeueing and a timeout of five times the latency."""
    import aiohttp

    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    loop = asyncio.get_running_loop()
    waiting = deque(range(count))
    running: set[asyncio.Task[None]] = set()
    done = 0
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def call(number: int) -> None:
            nonlocal done
            try:
                async with asyncio.timeout(1.0):
                    url = f"{server.openai_url}/chat/completions"
                    async with session.post(url, data=encode_body(number)) as reply:
                        body = json.loads(await reply.read())
                json.loads(body["choices"][0]["message"]["content"])
                done += 1
            except (TimeoutError, aiohttp.ClientError, KeyError, ValueError):
                waiting.append(number)

        due = loop.time()
        while done < count:
            due = max(due, loop.time() - 0.05)
            if not waiting or due > loop.time() or len(running) >= 256:
                await asyncio.sleep(0.001)
                continue
            due += 1 / rate
            task = asyncio.create_task(call(waiting.popleft()))
            running.add(task)
            task.add_done_callback(running.discard)
    return done


def measure(work: Callable[[], int], count: int) -> tuple[float, float, int]:
    """Return wall seconds, processor seconds of this process, and the number of usable answers."""
    cpu, wall = time.process_time(), time.perf_counter()
    usable = work()
    taken = time.perf_counter() - wall, time.process_time() - cpu
    if usable != count:
        print(f"  {usable} of {count} answers are usable")
    return *taken, usable


def compare_speed(count: int, in_flight: int, rounds: int, folder: Path) -> None:
    """Run all clients in turn, and print the best round of each."""
    ledgers = (folder / f"speed-{number}.sqlite" for number in range(2 * rounds + 2))
    with local_server(latency_ms=200, answers="schema") as server:
        sdk = OpenAiVlm(MODEL, PROVIDER, server.openai_url, server.key)
        own = compatible(server)
        ways: dict[str, Callable[[int], int]] = {
            "aiohttp alone": lambda n: asyncio.run(call_plainly(server, n, in_flight)),
            "bare openai client": lambda n: asyncio.run(call_by_sdk(server, n, in_flight)),
            "engine, openai SDK": lambda n: ask_engine(sdk, n, next(ledgers), in_flight),
            "engine, own provider": lambda n: ask_engine(own, n, next(ledgers), in_flight),
        }
        for work in ways.values():
            work(10)  # so that imports are not timed
        best = {name: (float("inf"), float("inf")) for name in ways}
        for _ in range(rounds):
            for name, work in ways.items():
                wall, cpu, _ = measure(lambda work=work: work(count), count)
                best[name] = (min(best[name][0], wall), min(best[name][1], cpu))
    print(f"{count} calls of 200 ms, {in_flight} in flight; load {os.getloadavg()[0]:.1f}")
    print(f"{'best of ' + str(rounds):24}{'wall s':>9}{'CPU s/1000':>12}", end="")
    print(f"{'of floor':>14}{'of openai':>14}")
    floor, bare = best["aiohttp alone"], best["bare openai client"]
    for name, (wall, cpu) in best.items():
        ratios = [f"{wall / other[0]:6.2f} {cpu / other[1]:6.2f}" for other in (floor, bare)]
        print(f"{name:24}{wall:9.2f}{cpu / count * 1000:12.2f}{ratios[0]:>14}{ratios[1]:>14}")


def compare_faults(count: int, rounds: int, folder: Path) -> None:
    """Compare a client that knows the limit with the engine, on new servers with equal faults."""
    print(f"\n{count} calls, 300 per second let through, 1.5 % 500s, 0.5 % hangs, 1 % broken JSON")
    print(f"{'each round':24}{'wall s':>9}{'of paced':>10}{'usable':>8}{'sent':>7}{'429s':>7}")
    for number in range(rounds):
        paced = 0.0
        for name in ("paced at the limit", "engine, not told"):
            with local_server({**FAULTS, "seed": number}, answers="schema") as server:
                if name.startswith("paced"):
                    wall, _, usable = measure(
                        lambda s=server: asyncio.run(call_paced(s, count, 300.0)), count
                    )
                    paced = wall
                else:
                    ledger = folder / f"faults-{number}.sqlite"
                    wall, _, usable = measure(
                        lambda s=server, p=ledger: ask_engine(compatible(s), count, p, 256), count
                    )
                outcomes: dict[str, int] = {}
                for line in server.account()["lines"]:
                    for kind, times in line["outcomes"].items():
                        outcomes[kind] = outcomes.get(kind, 0) + times
            sent, limited = sum(outcomes.values()), outcomes.get("rate_limited", 0)
            print(
                f"{name:24}{wall:9.2f}{wall / paced:10.2f}{usable:8}{sent:7}{limited / sent:7.2%}"
            )


def show_crash(count: int, in_flight: int, folder: Path) -> None:
    """Kill the process half-way, rerun it, rerun it with 1 % more images, rerun it unchanged."""
    ledger = folder / "crash.sqlite"
    print(f"\n{count} calls of 500 ms, {in_flight} in flight, SIGKILL when half are paid for")
    print(f"{'':24}{'wall s':>9}{'asking s':>10}{'paid':>8}{'paid twice':>12}{'usable':>8}")
    with local_server(latency_ms=500, answers="schema") as server:

        def ask(wanted: int, kill_at: int | None) -> tuple[float, str, str]:
            command = [sys.executable, __file__, "--child", str(server.port), str(ledger)]
            command += [str(wanted), str(in_flight)]
            started = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                while process.poll() is None and kill_at is not None:
                    if count_billed(server)[0] >= kill_at:
                        process.kill()
                    time.sleep(0.005)
                said = process.communicate()[0].strip()
            asking, usable = said.split() or ("-", "killed")
            return time.perf_counter() - started, asking, usable

        more = count + count // 100
        steps = (
            ("killed", count, count // 2),
            ("again", count, None),
            ("1 % more", more, None),
            ("unchanged", more, None),
        )
        paid, twice = 0, 0
        for name, wanted, kill_at in steps:
            wall, asking, usable = ask(wanted, kill_at)
            time.sleep(1.0)  # the server finishes requests whose client has gone
            billed, repeated = count_billed(server)
            counts = f"{billed - paid:8}{repeated - twice:12}{usable:>8}"
            print(f"{name:24}{wall:9.2f}{asking:>10}{counts}")
            paid, twice = billed, repeated


def count_billed(server: LocalServer) -> tuple[int, int]:
    """Return the number of billed requests, and how many of them had been billed before."""
    lines = server.account()["lines"]
    return sum(line["billed"] for line in lines), sum(line["repeated"] for line in lines)


def main() -> None:
    """Run the chosen parts."""
    if sys.argv[1:2] == ["--child"]:
        port, ledger, count, in_flight = sys.argv[2:]
        model = compatible(LocalServer(int(port), KEY, 0))
        work = partial(ask_engine, model, int(count), Path(ledger), int(in_flight))
        wall, _, usable = measure(work, int(count))
        print(f"{wall:.2f} {usable}")
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["speed", "faults", "crash"])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "speed" in options.parts:
            compare_speed(options.calls, 256, options.rounds, folder)
        if "faults" in options.parts:
            compare_faults(options.calls, options.rounds, folder)
        if "crash" in options.parts:
            show_crash(1200, 64, folder)


if __name__ == "__main__":
    main()
