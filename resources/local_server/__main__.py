"""The local server's command line: `python -m resources.local_server`.

When the server is ready, it prints one line of JSON: `{"port": ...}`.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from resources.local_server.account import Account
from resources.local_server.answers import Answers
from resources.local_server.app import build_app
from resources.local_server.dialects import DIALECTS
from resources.local_server.faults import BadScript, Script, read_script
from resources.local_server.service import Service

_IDLE_S = 3600  # idle connections stay open while a client may use them
_GRACE_S = 0.5  # time for answers in flight when the server stops


def main() -> int:
    """Serve until a signal arrives or, with --until-stdin-ends, until standard input ends."""
    options = _parser().parse_args()
    try:
        script = read_script(options.script) if options.script else Script()
    except BadScript as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    if options.latency_ms is not None:
        script = replace(script, latency_ms=options.latency_ms)
    account = Account(options.account)
    keys = options.key or ["local-key"]
    service = Service(script, account, Answers(options.answers), keys)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(service, options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m resources.local_server",
        description="A provider of local models that speaks the OpenAI and the Gemini protocol.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8089, help="0: any that is free")
    parser.add_argument("--script", help="fault script: a JSON file, or JSON itself")
    parser.add_argument("--account", type=Path, help="file that keeps the account")
    parser.add_argument("--latency-ms", type=float, help="time of an answer; over the script's")
    parser.add_argument("--answers", choices=("pixels", "schema"), default="pixels")
    parser.add_argument(
        "--dialect",
        choices=tuple(DIALECTS),
        default="openai",
        help="whose chat completions it speaks: errors, thoughts, keys",
    )
    parser.add_argument("--key", action="append", help="an accepted key; may be repeated")
    parser.add_argument(
        "--until-stdin-ends", action="store_true", help="stop with whoever holds standard input"
    )
    return parser


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop if it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(service: Service, options: argparse.Namespace) -> None:
    runner = web.AppRunner(
        build_app(service, DIALECTS[options.dialect]),
        access_log=None,
        keepalive_timeout=_IDLE_S,
        shutdown_timeout=_GRACE_S,
        handle_signals=False,
    )
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, backlog=4096)
    await site.start()
    port = runner.addresses[0][1]
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if options.until_stdin_ends:
        loop.add_reader(sys.stdin.fileno(), lambda: _read_away(loop, stopped))
    await stopped.wait()
    await runner.cleanup()


def _read_away(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    if not sys.stdin.buffer.raw.read(4096):  # type: ignore[attr-defined]
        loop.remove_reader(sys.stdin.fileno())
        stopped.set()


if __name__ == "__main__":
    sys.exit(main())
