"""The writer that asks a model of any provider: from facts, and for descriptions from the image.

Builds the requests. The facts of each task are in `writer_facts.py`, the rules that judge a text in
`text_rules.py` and `candidates.py`; calls, retries and spending in `vlm/`.

A request holds the task's prompt and the facts as JSON. It never holds an image_id, a file name or
a source, and the image itself for descriptions alone. People's comments are in it as they were
written, cut as `reported_emotions.py` says. An answer that broke a rule comes back with the rule
in words, as a question of its own in the ledger. The prompts are versioned files in `prompts/`. A
changed prompt is a new file, because it invalidates the stored answers of its task.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.emotion.level_words import LEVEL_WORDS
from eemo_pipeline.emotion.taxonomies import EKMAN_7
from eemo_pipeline.execution.progress import track
from eemo_pipeline.lake.picture_files import locate_files
from eemo_pipeline.ledger.answered_table import AnsweredTable
from eemo_pipeline.ledger.answering import Inquiry, Recorded, answer_all
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.roles.writer import STAGE, Remark, answer_schema
from eemo_pipeline.stages.texts.reported_emotions import CUT
from eemo_pipeline.stages.texts.writer_facts import (
    Facts,
    Row,
    candidate_facts,
    detail_facts,
    dimension_facts,
    emotion_facts,
    no_facts,
    overall_facts,
)
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.contract import Detail, EncodedPicture, VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.image_encoding import PicturePolicy, encode_picture
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Question, Unusable
from eemo_pipeline.vlm.reply_parsing import read_object
from eemo_pipeline.vlm.session import Session

REWRITE = "rewrite-1"
TRIES = 3
# A text of 200 words has about 270 tokens; the rest is for models that reason before they reply.
_MAX_OUTPUT_TOKENS = 1200
_TEXT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
_CANDIDATES: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "cannot_tell": {"type": "boolean"},
        "emotion": {"type": "string", "enum": list(EKMAN_7)},
        "element": {"type": "string"},
        "distractors": {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 2,
            "maxItems": 2,
        },
    },
    "required": ["cannot_tell", "emotion", "element", "distractors"],
    "additionalProperties": False,
}
# Signs that models set by habit, as plain ones: the texts are ASCII.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013", "-"),
        "\u2014": " - ",
        "\u2026": "...",
        "\u00a0": " ",
    }
)


@dataclass(frozen=True)
class Task:
    """One kind of text: its prompt, its facts, and the form of the reply."""

    prompt: str
    facts: Callable[[Row], Facts]
    schema: Mapping[str, Any] = field(default_factory=lambda: _TEXT)
    sees_image: bool = False


TASKS: Mapping[str, Task] = {
    "descriptions": Task("description-1", no_facts, sees_image=True),
    "reasonings": Task("reasoning-1", emotion_facts),
    "details": Task("detail-1", detail_facts),
    "evocations": Task("evocation-1", emotion_facts),
    "compare_overall": Task("comparison-1", overall_facts),
    **{f"compare_{name}": Task("dimension-1", dimension_facts(name)) for name in LEVEL_WORDS},
    "candidates": Task("candidates-1", candidate_facts, _CANDIDATES),
}


def prompts_of(*tasks: str) -> tuple[str, ...]:
    """Return the names of the prompts that the tasks send, each once; the last asks anew."""
    return (*dict.fromkeys(TASKS[task].prompt for task in tasks), REWRITE)


@dataclass(frozen=True)
class _Writing:
    """One row to write: its task, the facts, the earlier answers, and the file of its image."""

    task: str
    facts: Facts
    earlier: tuple[Remark, ...]
    image_id: str
    path: Path | None


@dataclass(frozen=True)
class ModelWriter:
    """Asks one model of one provider; implements `Writer`.

    Attributes:
        vlm: the model to ask.
        session: the state that all calls of the run share.
        role: writer or describer, in ledger and costs.
        sources_dir: the file of an image is `sources_dir/source/path`.
        policy: how images are scaled down.
        detail: the provider's level of image detail.
    """

    vlm: VisionLanguageModel
    session: Session
    role: str
    sources_dir: Path
    policy: PicturePolicy = field(default_factory=PicturePolicy)
    detail: Detail = "high"
    tries: int = TRIES

    @property
    def name(self) -> str:
        """The value of the column writer: the provider's name, as in the costs, and the role."""
        return f"{self.vlm.provider}_{self.role}"

    @property
    def provider(self) -> str:
        """The provider that bills the model."""
        return self.vlm.provider

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.vlm.model

    def method_of(self, task: str) -> str:
        """The prompt, and what the model is given."""
        given = f"image {self.policy.name}, detail {self.detail}" if TASKS[task].sees_image else CUT
        return (
            f"model, prompt {TASKS[task].prompt} after EEmo-Logic (arXiv 2602.01173); {given}; "
            f"temperature 0; asked again with the broken rule, {self.tries - 1} times at most"
        )

    def prompt_hash(self, task: str) -> str:
        """Hash of the prompt of the first try, its schema and settings."""
        return self._hash(task, ())

    def write(
        self, task: str, inputs: pl.DataFrame, remarks: Sequence[Sequence[Remark]]
    ) -> AnsweredTable:
        """Ask the model about every row; answers come from the ledger where it has them."""
        asks = self.asks(task, inputs, remarks)
        perform = partial(self._perform, task)
        inquiry = Inquiry(self.role, self.model, asks, perform, STAGE, self.provider)
        answers = answer_all(self.session.ledger, inquiry)
        return AnsweredTable(self.tabulate(task, answers.values), answers.work)

    def asks(
        self, task: str, inputs: pl.DataFrame, remarks: Sequence[Sequence[Remark]]
    ) -> list[Ask]:
        """Return the ledger's asks of the rows, in the same order."""
        asked: list[Ask] = []
        for writing in self._writings(task, inputs, remarks):
            determined = {
                "task": task,
                "prompt": self._hash(task, writing.earlier),
                **_question(writing),
            }
            asked.append(Ask(writing.image_id, writing, determined))
        return asked

    @staticmethod
    def tabulate(task: str, answers: Sequence[Answer]) -> pl.DataFrame:
        """Return the columns of the answers, status and reason."""
        schema = {**answer_schema(task), "status": pl.String(), "reason": pl.String()}
        rows = [{name: answer.get(name) for name in schema} for answer in answers]
        return pl.DataFrame(rows, schema=schema)

    def questions(self, asks: Sequence[Ask]) -> Iterator[Question]:
        """Yield the questions to the model, for single calls or a batch."""
        for ask in asks:
            build = partial(self._build, ask.payload)
            read = READERS[ask.payload.task]
            yield Question(ask.key(self.role, self.model), ask.image_id, self.role, build, read)

    def request_for(
        self,
        task: str,
        facts: Facts,
        earlier: Sequence[Remark] = (),
        pictures: tuple[EncodedPicture, ...] = (),
    ) -> VlmRequest:
        """Build the request for a row whose image, if the task needs it, is already encoded."""
        writing = _Writing(task, facts, tuple(earlier), "", None)
        return VlmRequest(
            instruction=self._instruction(task, earlier),
            question=json.dumps({"task": task, **_question(writing)}, ensure_ascii=False),
            pictures=pictures,
            schema_name=STAGE,
            schema=TASKS[task].schema,
            max_output_tokens=_MAX_OUTPUT_TOKENS,
            detail=self.detail,
        )

    def _perform(self, task: str, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        by_key = {ask.key(self.role, self.model): ask for ask in asks}
        questions = self.questions(list(by_key.values()))
        answers = self.session.ask_all(self.vlm, questions, stage=STAGE)
        for question, answer in track(answers, len(by_key), f"{self.name} writes {task}"):
            yield by_key[question.key], answer

    def _writings(
        self, task: str, inputs: pl.DataFrame, remarks: Sequence[Sequence[Remark]]
    ) -> Iterator[_Writing]:
        sees_image = TASKS[task].sees_image
        files = locate_files(inputs, self.sources_dir) if sees_image else []
        key = "image_id" if "image_id" in inputs.columns else "first_image_id"
        for place, (row, earlier) in enumerate(zip(inputs.to_dicts(), remarks, strict=True)):
            path = files[place][1] if files else None
            yield _Writing(task, TASKS[task].facts(row), tuple(earlier), row[key], path)

    def _build(self, writing: _Writing) -> VlmRequest:
        pictures = (
            ()
            if writing.path is None
            else (encode_picture(writing.path, self.policy, writing.image_id),)
        )
        return self.request_for(writing.task, writing.facts, writing.earlier, pictures)

    def _instruction(self, task: str, earlier: Sequence[Remark]) -> str:
        prompts = (TASKS[task].prompt, REWRITE) if earlier else (TASKS[task].prompt,)
        return "\n\n".join(read_prompt(__name__, prompt) for prompt in prompts)

    def _hash(self, task: str, earlier: Sequence[Remark]) -> str:
        shown = (self.policy.name, self.detail) if TASKS[task].sees_image else ()
        settings = json.dumps(TASKS[task].schema), str(_MAX_OUTPUT_TOKENS), *shown
        return short_hash(self._instruction(task, earlier), *settings)


def _question(writing: _Writing) -> dict[str, Any]:
    """Return what the model is asked about: the facts, and its earlier answers if there are any."""
    earlier = [{**remark.answer, "fault": remark.fault} for remark in writing.earlier]
    return {"facts": writing.facts} | ({"earlier": earlier} if earlier else {})


def read_text(text: str) -> dict[str, Any]:
    """Return the text of a reply, with plain quotation marks, dashes and blanks.

    Raises:
        Unusable: the reply does not fit the schema, or its text is empty.
    """
    said = " ".join(read_object(text, _TEXT).value["text"].translate(_PLAIN).split())
    if not said:
        raise Unusable("text is empty. Write it.")
    return {"text": said}


def read_candidates(text: str) -> dict[str, Any]:
    """Return the parts of a multiple-choice question; for `cannot_tell`, a refusal.

    Raises:
        Unusable: the reply does not fit the schema.
    """
    said = read_object(text, _CANDIDATES).value
    if said["cannot_tell"]:
        return {"status": "refused", "reason": "no_element"}
    return {
        "emotion": said["emotion"],
        "element": _option(said["element"]),
        "distractors": [_option(option) for option in said["distractors"]],
    }


def _option(text: str) -> str:
    """Return an option in lower case, without a full stop at its end."""
    return " ".join(text.translate(_PLAIN).lower().split()).rstrip(".")


# task -> the reader of its replies
READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    **dict.fromkeys(TASKS, read_text),
    "candidates": read_candidates,
}
