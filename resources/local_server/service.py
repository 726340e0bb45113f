"""Processes one request from the key check to the bill, identically for both protocols."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from resources.local_server.account import Account
from resources.local_server.answers import Answers, cut
from resources.local_server.asked import Answer, Asked, Dialect, Problem, Tokens, draw
from resources.local_server.faults import BREAKS, ERRORS, REJECTIONS, Fate, Rule, Script
from resources.local_server.limits import Bucket
from resources.local_server.prices import bill, read_prices
from resources.local_server.spoiling import spoil, spoil_image
from resources.local_server.tokens import count_tokens

_WORKERS = 2
# This server's own wording; the providers' codes are in the wire modules.
_WORDS = {
    "rate_limited": "Rate limit reached. Please try again later.",
    "server_error": "The server had an error while processing your request.",
    "unavailable": "The model is overloaded. Please try again later.",
    "revoked": "This key has been revoked.",
    "balance_empty": "The prepaid credits of this account are used up; check plan and billing.",
    "picture_rejected": "A picture was not accepted.",
}


class Broken(Exception):
    """The connection must be cut without an answer."""


@dataclass(frozen=True)
class Served:
    """A request's answer or error in the protocol's JSON."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


class Service:
    """Answers requests and keeps the account."""

    def __init__(
        self, script: Script, account: Account, answers: Answers, keys: Sequence[str]
    ) -> None:
        """Store the parts; nothing runs yet."""
        self.account = account
        self.keys = frozenset(keys)
        self._answers = answers
        self._worker = ThreadPoolExecutor(_WORKERS, "pixels")
        self.follow(script)

    def follow(self, script: Script) -> None:
        """Use this script from the next request on."""
        self.script = script
        self._fate = Fate(script)
        self._buckets: dict[str, Bucket] = {}
        self._jobs_to_fail = script.batch.jobs_failed

    def fails_job(self) -> bool:
        """Return whether the job that is about to run fails as a whole."""
        self._jobs_to_fail -= 1
        return self._jobs_to_fail >= 0

    def check_key(self, key: str | None) -> None:
        """Check the key.

        Raises:
            Problem: The key is missing or wrong; the message quotes its ends, as OpenAI's does.
        """
        if not key:
            raise Problem("missing_key", "You did not provide an API key.")
        if key not in self.keys:
            shown = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * len(key)
            raise Problem("wrong_key", f"Incorrect API key provided: {shown}.")

    def read(self, dialect: Dialect, raw: bytes, model: str | None) -> Asked:
        """Read the request in the body.

        Raises:
            Problem: The request is invalid, or its model does not exist here.
        """
        try:
            body = json.loads(raw)
        except ValueError:
            raise Problem("bad_request", "The body is not JSON.") from None
        if not isinstance(body, dict):
            raise Problem("bad_request", "The body is not a JSON object.")
        if body.get("stream"):
            raise Problem("bad_request", "This server does not stream.")
        try:
            asked = dialect.read(body, raw, model)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise Problem("bad_request", "A part of the request has the wrong type.") from None
        if not isinstance(asked.max_output_tokens, int | None):
            raise Problem("bad_request", "The limit of output tokens is not a whole number.")
        if (asked.provider, asked.model) not in read_prices():
            raise Problem("unknown_model", f"The model `{asked.model}` does not exist here.")
        return asked

    async def serve(self, dialect: Dialect, asked: Asked, is_gone: Any) -> Served:
        """Answer one request, late or wrongly if the script says so.

        Args:
            dialect: The protocol.
            asked: The request.
            is_gone: Returns whether the client has hung up.

        Raises:
            Broken: The script cuts the connection.
        """
        self.account.enter()
        try:
            return await self._serve(dialect, asked, is_gone)
        except Problem as problem:
            self.account.count_free(asked.provider, asked.model, problem.kind)
            status, headers, body = dialect.write_problem(problem)
            return Served(status, headers | self._limits(asked), body)
        except Broken as broken:
            self.account.count_free(asked.provider, asked.model, str(broken))
            raise
        finally:
            self.account.leave()

    async def _serve(self, dialect: Dialect, asked: Asked, is_gone: Any) -> Served:
        self._take_turn(asked)
        self._check_balance()
        attempt = self._fate.count_attempt(asked.digest)
        rule = self._fate.decide(asked, dialect.endpoint, attempt)
        if rule is not None:
            await fail(rule)
        # An unreadable image is rejected immediately, free of charge.
        tokens = count_tokens(asked)
        latency = self.script.latency_s(asked.digest, attempt)
        if rule is not None and rule.fault == "slow":
            latency += rule.seconds
        started = asyncio.get_running_loop().time()
        answer, spent = await self.answer(asked, rule, tokens)
        answer_id = f"{asked.digest.hex()}{attempt:04x}"
        body = _write(dialect, asked, answer, spent, answer_id)
        if (left := latency - (asyncio.get_running_loop().time() - started)) > 0:
            await asyncio.sleep(left)
        self.account.count_billed(
            (asked.provider, asked.model, asked.digest),
            answer.kind,
            spent,
            bill(asked.provider, asked.model, spent),
            is_gone=is_gone(),
        )
        return Served(200, self._limits(asked), body)

    async def serve_row(self, dialect: Dialect, raw: bytes, model: str | None) -> Served:
        """Answer one row of a batch: no rate limit, latency or broken connection; the batch price.

        A row may expire (status 0) or fail by the script's `batch`, drawn anew for each attempt.
        """
        try:
            asked = self.read(dialect, raw, model)
        except Problem as problem:
            return Served(*dialect.write_problem(problem))
        attempt = self._fate.count_attempt(asked.digest)
        try:
            chance = draw(self.script.seed, "row", asked.digest.hex(), attempt)
            if chance < self.script.batch.expired:
                raise Problem("expired", "The row was not answered in time.")
            if chance < self.script.batch.expired + self.script.batch.failed:
                raise Problem("server_error", _WORDS["server_error"])
            rule = self._fate.decide(asked, "batch", attempt)
            if rule is not None:
                await fail(rule)
            answer, spent = await self.answer(asked, rule, count_tokens(asked))
        except Problem as problem:
            self.account.count_free(asked.provider, asked.model, problem.kind, is_batch=True)
            if problem.kind == "expired":
                return Served(0, {}, {})
            return Served(*dialect.write_problem(problem))
        self.account.count_billed(
            (asked.provider, asked.model, asked.digest),
            answer.kind,
            spent,
            bill(asked.provider, asked.model, spent, is_batch=True),
            is_batch=True,
        )
        answer_id = f"{asked.digest.hex()}{attempt:04x}"
        return Served(200, {}, _write(dialect, asked, answer, spent, answer_id))

    async def meet(self, endpoint: str) -> Rule | None:
        """Apply the rules to a call that asks no model: files or batches.

        Returns:
            A rule that breaks the connection; the caller follows it after its work is done, so that
                the client does not know that it was done.

        Raises:
            Problem: The script demands an error.
        """
        nothing = Asked("", "", (), (), None, "", None, endpoint.encode())
        attempt = self._fate.count_attempt(nothing.digest)
        rule = self._fate.decide(nothing, endpoint, attempt)
        if rule is not None and rule.fault in BREAKS:
            return rule
        if rule is not None:
            await fail(rule)
        return None

    async def answer(
        self, asked: Asked, rule: Rule | None, tokens: Tokens
    ) -> tuple[Answer, Tokens]:
        """Return the answer, spoilt by the rule and cut at the request's limit, and its tokens."""
        text = self._answers.known(asked)
        if text is None:
            loop = asyncio.get_running_loop()
            text = await loop.run_in_executor(self._worker, self._answers.work_out, asked)
        if rule is None:
            answer = Answer(text)
        elif asked.wish is not None:
            answer = spoil_image(text, asked, rule)
        else:
            answer = spoil(text, rule)
        return cut(answer, asked, tokens)

    def _take_turn(self, asked: Asked) -> None:
        if (bucket := self._bucket(asked)) is None:
            return
        wait_s = bucket.take(asyncio.get_running_loop().time())
        if wait_s:
            told = wait_s if self.script.says_retry_after else None
            raise Problem("rate_limited", _WORDS["rate_limited"], told)

    def _bucket(self, asked: Asked) -> Bucket | None:
        """Return the bucket of the model, or None if the script sets no limit."""
        rate = self.script.requests_per_second
        if rate is None:
            return None
        if (bucket := self._buckets.get(asked.model)) is None:
            size = max(1.0, self.script.burst or rate)
            now = asyncio.get_running_loop().time()
            bucket = self._buckets[asked.model] = Bucket(rate, size, size, now)
        return bucket

    def _check_balance(self) -> None:
        balance = self.script.balance_usd
        if balance is not None and self.account.nano_usd >= balance * 1e9:
            raise Problem("balance_empty", _WORDS["balance_empty"])

    def _limits(self, asked: Asked) -> dict[str, str]:
        """Return the remaining limit in OpenAI's headers; Gemini sends none."""
        bucket = self._buckets.get(asked.model)
        if bucket is None or not self.script.says_limits or asked.provider != "local_openai":
            return {}
        return {
            "x-ratelimit-limit-requests": str(int(bucket.size)),
            "x-ratelimit-remaining-requests": str(int(bucket.level)),
            "x-ratelimit-reset-requests": f"{bucket.full_in_s * 1000:.0f}ms",
        }


def _write(
    dialect: Dialect, asked: Asked, answer: Answer, spent: Tokens, answer_id: str
) -> dict[str, Any]:
    """Return the answer in the protocol's JSON; an uncounted one names no tokens."""
    body = dialect.write(asked, answer, spent, answer_id)
    if answer.kind == "uncounted":
        for name in ("usage", "usageMetadata"):
            body.pop(name, None)
    return body


async def fail(rule: Rule) -> None:
    """Raise the fault that the rule demands; do nothing for rules that spoil an answer.

    Raises:
        Problem: An error of the protocol.
        Broken: The connection must be cut.
    """
    if rule.fault in ERRORS or rule.fault in REJECTIONS:
        raise Problem(rule.fault, _WORDS[rule.fault], rule.retry_after_s)
    if rule.fault in BREAKS:
        if rule.fault == "hang":
            await asyncio.sleep(rule.seconds)
        raise Broken(rule.fault)
