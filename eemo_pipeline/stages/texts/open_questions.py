"""The questions to a model writer that the ledger cannot answer yet, found without asking any.

The texts are built by the same functions as in a run, with a writer that looks answers up and
collects what is missing. `forecast.py` counts the questions, `batch_requests.py` sends them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from eemo_pipeline.aggregation.kept_images import move_to_kept
from eemo_pipeline.lake.parquet import scan_table
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.roles.writer import Remark
from eemo_pipeline.stages.texts.descriptions import write_descriptions
from eemo_pipeline.stages.texts.emotion_texts import write_emotion_texts
from eemo_pipeline.stages.texts.model_writer import ModelWriter
from eemo_pipeline.stages.texts.template_writer import REALISER

# What stands in for an answer that does not exist yet, so that texts built on it are counted too.
STAND_IN = " ".join(["This is what can be seen in the image, and so it is told here."] * 3)
_UNANSWERED: Answer = {"status": "error", "reason": "unanswered"}


@dataclass(frozen=True)
class OpenQuestion:
    """A question without an answer: its task, the ledger's ask, and the number of its try."""

    task: str
    ask: Ask
    number: int


@dataclass
class OpenQuestions:
    """Looks answers up and collects the questions that have none; implements `Writer`.

    Attributes:
        of: the writer whose questions are collected.
        stand_in: the text that is returned for a missing answer; None returns an error.
        found: the questions without an answer, in order.
        answered: how many questions have one.
    """

    of: ModelWriter
    stand_in: str | None = None
    found: list[OpenQuestion] = field(default_factory=list)
    answered: int = 0

    @property
    def name(self) -> str:
        """The writer's name."""
        return self.of.name

    @property
    def provider(self) -> str:
        """The writer's provider."""
        return self.of.provider

    @property
    def model(self) -> str:
        """The writer's model."""
        return self.of.model

    @property
    def tries(self) -> int:
        """The writer's number of tries."""
        return self.of.tries

    def method_of(self, task: str) -> str:
        """Return the writer's method."""
        return self.of.method_of(task)

    def prompt_hash(self, task: str) -> str:
        """Return the writer's hash."""
        return self.of.prompt_hash(task)

    def write(
        self, task: str, inputs: pl.DataFrame, remarks: Sequence[Sequence[Remark]]
    ) -> AnsweredTable:
        """Return the answers of the ledger; collect the questions that have none."""
        asks = self.of.asks(task, inputs, remarks)
        keys = [ask.key(self.of.role, self.of.model) for ask in asks]
        known = self.of.session.ledger.find(keys)
        self.answered += sum(key in known for key in keys)
        answers = [
            known.get(key) or self._miss(task, ask, earlier)
            for key, ask, earlier in zip(keys, asks, remarks, strict=True)
        ]
        return AnsweredTable(self.of.tabulate(task, answers))

    def _miss(self, task: str, ask: Ask, earlier: Sequence[Remark]) -> Answer:
        is_about_stand_in = any(remark.answer.get("text") == self.stand_in for remark in earlier)
        if not is_about_stand_in:
            self.found.append(OpenQuestion(task, ask, len(earlier) + 1))
        if self.stand_in is None or is_about_stand_in or task == "candidates":
            return _UNANSWERED
        return {"status": "ok", "text": self.stand_in}


def collect_questions(
    tables: Path,
    writer: ModelWriter | None,
    describer: ModelWriter | None,
    stand_in: str | None = None,
) -> tuple[OpenQuestions | None, OpenQuestions | None]:
    """Return the open questions to the writer and to the describer; None for an embedded one.

    Args:
        tables: the folder of the tables; a missing table counts as empty.
        writer: the model that writes from facts, or None.
        describer: the model that describes, or None.
        stand_in: see `OpenQuestions`.
    """
    images = _read(tables, "dedup__images")
    described = None if describer is None else OpenQuestions(describer, stand_in)
    descriptions = write_descriptions(images, described or REALISER).frame
    if writer is None:
        return None, described
    written = OpenQuestions(writer, stand_in)
    annotations = move_to_kept(
        _read(tables, "ingest__annotations"), _read(tables, "dedup__clusters")
    )
    write_emotion_texts(
        images,
        _read(tables, "labels__emotions"),
        _read(tables, "labels__rankings"),
        _read(tables, "labels__vad"),
        annotations,
        descriptions,
        written,
    )
    return written, described


def _read(tables: Path, name: str) -> pl.DataFrame:
    return scan_table(tables, name).collect()
