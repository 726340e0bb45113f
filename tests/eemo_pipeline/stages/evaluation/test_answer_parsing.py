"""Letters are found in replies as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.stages.evaluation.answer_parsing import Parsed, parse_choice

YES_NO = {"A": "No.", "B": "Yes."}
LEVELS = {"A": "Much lower.", "B": "Higher.", "C": "Much higher."}
BLANK = {"A": "Joy", "B": "", "C": "Fear"}


@pytest.mark.parametrize(
    ("options", "reply", "tolerant", "strict"),
    [
        (YES_NO, "B", "B", "B"),
        (YES_NO, "B: Yes.", "B", "B"),
        (YES_NO, "B:Yes</s>", "B", "B"),
        (YES_NO, "B: Yes. Both are joyful.", "B", None),
        (YES_NO, "**B**: Yes", "B", None),
        (YES_NO, "(A) No", "A", None),
        (YES_NO, "ANSWER: B", "B", "B"),
        (YES_NO, "So ANSWER: B", "B", None),
        (YES_NO, "B: No.", "B", None),
        (YES_NO, "No, the second one is sad.", "A", None),
        (YES_NO, "A man stands there. There is no doubt.", None, None),
        (YES_NO, "Sad.\n- Image 1: **B: Yes**\n- Overall choice: **B: Yes**", "B", None),
        (YES_NO, "Image 1: A: No. Image 2: B: Yes. So the answer is B.", "B", None),
        (LEVELS, 'The arousal is likely "C: Much higher" here.', "C", None),
        (LEVELS, "The second evokes a much higher level.", "C", None),
        (LEVELS, "It is higher.", "B", None),
        (LEVELS, "Either much lower or much higher.", None, None),
        (LEVELS, "D: Much lower.", "A", None),
        (BLANK, "Nothing of this.", None, None),
        (BLANK, "B:", "B", "B"),
        ({}, "B: Yes", None, None),
        (YES_NO, "", None, None),
    ],
)
def test_replies_are_read(
    options: dict[str, str], reply: str, tolerant: str | None, strict: str | None
) -> None:
    assert parse_choice(options, reply) == Parsed(tolerant, strict)


@given(st.text(alphabet="AB:*(). \nyesnoYN</s>", max_size=60))
def test_the_strict_reading_never_says_what_the_tolerant_one_denies(reply: str) -> None:
    parsed = parse_choice(YES_NO, reply)
    assert parsed.strict is None or parsed.strict == parsed.tolerant


def test_a_long_reply_is_read_in_linear_time() -> None:
    assert parse_choice(YES_NO, "(A" * 500_000).tolerant is None
