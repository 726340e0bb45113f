"""Whatever a reply says of its tokens, its bill is neither below the true one nor above its bound.

A count that is a plausible lie cannot be seen; any other fault of the counts can.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.vlm.contract import Usage
from eemo_pipeline.vlm.spending.prices import read_prices
from resources.providers import gemini_vlm
from resources.providers.chat_completions import Account, read_reply

BOUND = Usage(5000, 1000)
PRICES = read_prices()
MISSING = "missing"
ODD: st.SearchStrategy[Any] = st.one_of(
    *(st.none(), st.booleans(), st.integers(max_value=-1), st.integers(min_value=10**9)),
    *(st.text(max_size=5), st.floats(max_value=-0.5), st.just(float("nan")), st.just(1e308)),
    *(st.floats(0.1, 0.9), st.just([]), st.just({}), st.just(MISSING)),
)
ODD_OR_ZERO = st.just(0) | ODD
TOKENS = st.integers(1, BOUND.input_tokens), st.integers(1, 500), st.integers(0, 500)


def spoil(counts: dict[str, Any], odd: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (counts | odd).items() if value != MISSING}


def bill(model: tuple[str, str], usage: Usage | None) -> int:
    return PRICES.cost(*model, usage or BOUND)


def read_chat(usage: Any) -> Usage | None:
    body = {"choices": [{"message": {"content": '{"emotion": "awe"}'}}], "usage": usage}
    return read_reply(json.dumps(body).encode(), {}, Account("openai", "m", "KEY")).usage


def read_gemini(usage: Any) -> Usage | None:
    parts = [{"text": '{"emotion": "awe"}'}]
    body = {"candidates": [{"content": {"parts": parts}}], "usageMetadata": usage}
    return gemini_vlm.read_reply(json.dumps(body), {}, "m").usage


def check(model: tuple[str, str], found: Usage | None, true: Usage) -> None:
    assert 0 < bill(model, true) <= bill(model, found) <= bill(model, BOUND)


@given(
    TOKENS[0],
    TOKENS[1],
    st.integers(0, 5000),
    st.dictionaries(
        st.sampled_from(["prompt_tokens", "completion_tokens", "total_tokens"]), ODD_OR_ZERO
    ),
    st.none() | ODD,
)
def test_no_fault_in_the_counts_of_chat_completions_lowers_a_bill(
    sent: int, received: int, cached: int, odd: dict[str, Any], odd_cached: Any
) -> None:
    cached = min(sent, cached)
    counts = {
        "prompt_tokens": sent,
        "completion_tokens": received,
        "total_tokens": sent + received,
        "prompt_tokens_details": {"cached_tokens": cached if odd_cached is None else odd_cached},
    }
    true = Usage(sent, received, cached)
    found = read_chat(spoil(counts, odd))
    check(("openai", "gpt-4o"), found, true)
    if not odd and odd_cached is None:
        assert found == true


@given(
    *TOKENS,
    st.dictionaries(st.sampled_from(["promptTokenCount", "totalTokenCount"]), ODD_OR_ZERO),
    st.dictionaries(
        st.sampled_from(["candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount"]),
        ODD,
    ),
)
def test_no_fault_in_the_counts_of_gemini_lowers_a_bill(
    sent: int, said: int, thought: int, odd: dict[str, Any], more: dict[str, Any]
) -> None:
    counts = {
        "promptTokenCount": sent,
        "cachedContentTokenCount": sent // 2,
        "candidatesTokenCount": said,
        "thoughtsTokenCount": thought,
        "totalTokenCount": sent + said + thought,
    }
    true = Usage(sent, said + thought, sent // 2)
    found = read_gemini(spoil(counts, odd | more))
    check(("gemini", "gemini-2.5-flash"), found, true)
    if not odd and not more:
        assert found == true


@given(ODD_OR_ZERO)
def test_a_usage_that_is_no_object_is_no_usage(usage: Any) -> None:
    assert read_chat(usage) is None
    assert read_gemini(usage) is None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # xAI: the thoughts are in the total alone.
        ({"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 600}, Usage(90, 510)),
        ({"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 0}, Usage(90, 10)),
        ({"prompt_tokens": 90, "completion_tokens": 10}, Usage(90, 10)),
    ],
)
def test_thoughts_that_only_the_total_counts_are_output(
    counts: dict[str, int], expected: Usage
) -> None:
    assert read_chat(counts) == expected
