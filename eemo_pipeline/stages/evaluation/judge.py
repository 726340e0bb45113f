"""The judge: a model that compares a text with the reference, in five rounds of votes of 0, 1 or 2.

What it votes on, and the mark of a text, are those of a rubric (`rubrics.py`). Each round is a
question of its own in the ledger. The judge sees no image, and no name of the model that it judges.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from eemo_pipeline.ledger.answering import Inquiry, Recorded, answer_all
from eemo_pipeline.ledger.store import Answer, Ask
from eemo_pipeline.ledger.usage import NO_WORK, Work
from eemo_pipeline.stages.evaluation.benchmarks import Item
from eemo_pipeline.stages.evaluation.responses import Response
from eemo_pipeline.stages.evaluation.rubrics import ONE_SCORE, ROUNDS, Rubric
from eemo_pipeline.stats.hash_draws import short_hash
from eemo_pipeline.vlm.contract import VisionLanguageModel, VlmRequest
from eemo_pipeline.vlm.prompts import read_prompt
from eemo_pipeline.vlm.questions import Question
from eemo_pipeline.vlm.reply_parsing import read_object
from eemo_pipeline.vlm.session import Session

STAGE, ROLE = "evaluation", "judge"
_LONGEST = 4000
_MAX_OUTPUT_TOKENS = 100


@dataclass(frozen=True)
class Judged:
    """Responses with the judge's marks.

    Attributes:
        responses: in their order; without a mark where a round has no vote.
        agreement: the share of the texts whose rounds all gave the same votes; None without texts.
        work: what was asked.
    """

    responses: list[Response]
    agreement: float | None
    work: Work


@dataclass(frozen=True)
class Judge:
    """Asks one model of one provider."""

    vlm: VisionLanguageModel
    session: Session

    def mark(self, responses: Sequence[Response], rubric: Rubric = ONE_SCORE) -> Judged:
        """Return the responses, each text that has a reference with its mark.

        Args:
            responses: texts; those without a text or a reference stay as they are.
            rubric: what is voted on.
        """
        judged = [place for place, one in enumerate(responses) if one.text and one.item.gold]
        asks = [
            self.ask(responses[place], number, rubric)
            for place in judged
            for number in range(1, ROUNDS + 1)
        ]
        if not asks:
            return Judged(list(responses), None, NO_WORK)
        inquiry = Inquiry(ROLE, self.vlm.model, asks, self._perform, STAGE, self.vlm.provider)
        answers = answer_all(self.session.ledger, inquiry)
        marked = list(responses)
        alike = complete = 0
        for number, place in enumerate(judged):
            rounds = answers.values[number * ROUNDS : (number + 1) * ROUNDS]
            votes = [
                {name: int(answer[name]) for name in rubric.criteria}
                for answer in rounds
                if answer["status"] == "ok"
            ]
            if len(votes) == ROUNDS:
                complete += 1
                alike += all(vote == votes[0] for vote in votes)
                one = responses[place]
                verdict = rubric.mark(one.item, one.text or "", votes)
                marked[place] = replace(one, verdict=verdict)
        return Judged(marked, alike / complete if complete else None, answers.work)

    def ask(self, response: Response, number: int, rubric: Rubric = ONE_SCORE) -> Ask:
        """Return the ledger's ask of one round about one text."""
        told = tell(response.item, response.text or "")
        settings = json.dumps(rubric.reply), str(_MAX_OUTPUT_TOKENS)
        determined = {
            "prompt": short_hash(read_prompt(__name__, rubric.prompt), *settings),
            "told": told,
            "round": number,
        }
        return Ask(
            response.item.images[0] if response.item.images else "",
            (told, number, rubric),
            determined,
        )

    def request_for(
        self, told: Mapping[str, str], number: int, rubric: Rubric = ONE_SCORE
    ) -> VlmRequest:
        """Build the request of one round; the rounds have seeds of their own."""
        return VlmRequest(
            instruction=read_prompt(__name__, rubric.prompt),
            question=json.dumps({"judged": told}, ensure_ascii=False),
            pictures=(),
            schema_name=ROLE,
            schema=rubric.reply,
            max_output_tokens=_MAX_OUTPUT_TOKENS,
            temperature=1.0,
            seed=number,
        )

    def _perform(self, asks: Sequence[Ask]) -> Iterator[tuple[Ask, Answer | Recorded]]:
        by_key = {ask.key(ROLE, self.vlm.model): ask for ask in asks}
        questions = [
            Question(
                key,
                ask.image_id,
                ROLE,
                partial(self.request_for, *ask.payload),
                partial(read_votes, ask.payload[-1]),
            )
            for key, ask in by_key.items()
        ]
        for question, answer in self.session.ask_all(self.vlm, questions, stage=STAGE):
            yield by_key[question.key], answer


def read_votes(rubric: Rubric, text: str) -> dict[str, Any]:
    """Return the votes of a reply, by criterion.

    Raises:
        Unusable: the reply does not fit the schema.
    """
    found = read_object(text, rubric.reply).value
    return {name: int(found[name]) for name in rubric.criteria}


def tell(item: Item, answer: str) -> dict[str, str]:
    """Return what the judge is told of a text: question, reference and answer, each bounded."""
    return {
        "question": item.question[:_LONGEST],
        "reference": item.gold[:_LONGEST],
        "answer": answer[:_LONGEST],
    }
