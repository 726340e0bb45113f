"""One annotator of the local server with its own ledger, for tests of batches."""

import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from eemo_pipeline.ledger.accounts import add_up
from eemo_pipeline.ledger.batches import Tally, tally_batches
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.ledger.tables import ANSWERS, BATCH_ROWS
from eemo_pipeline.roles.annotator import ROLE, AnnotationRequest, ask_annotators, asks_for
from eemo_pipeline.stages.annotation.reply_schema import read_annotation
from eemo_pipeline.stages.annotation.vlm_annotator import VisionAnnotator
from eemo_pipeline.vlm.batch.collection import Collection, collect
from eemo_pipeline.vlm.batch.interface import BatchInterface, look_at_open
from eemo_pipeline.vlm.batch.submission import BatchPolicy, Submission, submit
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.local_server import LocalServer
from resources.providers.gemini_batches import GeminiBatches
from resources.providers.gemini_vlm import GeminiVlm
from resources.providers.openai_batches import OpenAiBatches
from resources.providers.openai_vlm import OpenAiVlm

PROVIDERS = ("local_openai", "local_gemini")
MODEL = "local-a"


class Desk:
    """One annotator of the local server with its own ledger."""

    def __init__(self, root: Path, server: LocalServer, provider: str, count: int = 6) -> None:
        self.root = root
        self.server = server
        self.provider = provider
        self.ledger = Ledger(root / "ledger.sqlite")
        self.before = server.account()
        self.pictures: list[Path] = sorted((root / "pictures").glob("*.jpg"))[:count]
        self.policy: dict[str, Any] = {}
        self.key = server.key

    @property
    def interface(self) -> BatchInterface:
        url = self.server.openai_url, self.server.gemini_url
        if self.provider == "local_openai":
            return OpenAiBatches(MODEL, self.provider, url[0], self.key)
        return GeminiBatches(MODEL, self.provider, url[1], self.key)

    def annotator(self, budget: Budget | None = None) -> VisionAnnotator:
        url = self.server.openai_url, self.server.gemini_url
        vlm = (
            OpenAiVlm(MODEL, self.provider, url[0], self.key)
            if self.provider == "local_openai"
            else GeminiVlm(MODEL, self.provider, url[1], self.key)
        )
        session = Session(self.ledger, budget or Budget(), read_prices())
        return VisionAnnotator(self.provider, vlm, session)

    def requests(self) -> list[AnnotationRequest]:
        return [
            AnnotationRequest(sha256(path.read_bytes()).hexdigest(), path) for path in self.pictures
        ]

    def submit(self, budget: Budget | None = None) -> Submission:
        annotator = self.annotator(budget)
        return submit(
            self.interface,
            annotator.questions(asks_for(annotator, self.requests())),
            stage="annotation",
            role=ROLE,
            session=annotator.session,
            policy=BatchPolicy(self.root / "batches", **self.policy),
        )

    def collect(self) -> Collection:
        return collect(
            lambda *_: self.interface,
            {ROLE: read_annotation},
            ledger=self.ledger,
            prices=read_prices(),
            folder=self.root / "batches",
        )

    def finish(self) -> Collection:
        """Wait until no batch is open at the provider, then collect."""
        for _ in range(500):
            standings = [s for *_, s in look_at_open(self.ledger, lambda *_: self.interface)]
            if all(standing.state != "open" for standing in standings):
                return self.collect()
            time.sleep(0.02)
        pytest.fail("the batches do not end")

    def online(self) -> Any:
        """Ask the annotator as a normal run does, through single calls."""
        return ask_annotators([(self.annotator(), self.requests())], self.ledger)[0]

    def tallies(self) -> list[Tally]:
        return tally_batches(self.ledger)

    def bill(self) -> dict[str, int]:
        """Return the server's counts since the desk was opened."""
        now = self.server.account()
        return {name: now[name] - self.before[name] for name in ("billed", "nano_usd", "repeated")}

    def spent(self) -> int:
        return sum(account.nano_usd for account in add_up(self.ledger))

    def jobs(self) -> int:
        """Return the number of this desk's batches that exist at the provider."""
        tokens = {tally.batch.token for tally in self.tallies()}
        return sum(token in tokens for token in self.tokens_at_provider())

    def tokens_at_provider(self) -> list[str]:
        import openai
        from google import genai

        if self.provider == "local_openai":
            client = openai.OpenAI(base_url=self.server.openai_url, api_key=self.server.key)
            return [(job.metadata or {}).get("eemo_token", "") for job in client.batches.list()]
        gemini = genai.Client(
            api_key=self.server.key, http_options={"base_url": self.server.gemini_url}
        )
        return [(job.display_name or "")[5:] for job in gemini.batches.list()]

    def forget(self) -> None:
        """Delete every answer from the ledger."""
        with self.ledger.database.writing() as connection:
            connection.execute(ANSWERS.delete())

    def rows(self) -> list[Any]:
        """Return the rows of all batches in the ledger."""
        with self.ledger.database.engine.connect() as connection:
            return list(connection.execute(BATCH_ROWS.select()).mappings())
