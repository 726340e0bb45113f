"""Prices: exact sums, nothing without a price, and a file of the user's own over ours."""

from decimal import ROUND_CEILING, Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.vlm.contract import Usage
from eemo_pipeline.vlm.spending.prices import BadPrices, UnknownPrice, read_prices
from resources.local_server.asked import Tokens
from resources.local_server.prices import bill

TOKENS = st.integers(0, 2_000_000)


@given(uncached=TOKENS, cached=TOKENS, output=TOKENS, is_batch=st.booleans())
def test_cost_is_the_published_price_times_the_tokens(uncached, cached, output, is_batch) -> None:
    usage = Usage(uncached + cached, output, cached)
    usd = uncached * Decimal("0.15") + cached * Decimal("0.075") + output * Decimal("0.60")
    exact = usd / 1_000_000 * (Decimal("0.5") if is_batch else 1)
    nano = (exact * 10**9).to_integral_value(ROUND_CEILING)
    assert read_prices().cost("openai", "gpt-4o-mini", usage, is_batch=is_batch) == nano


def test_a_bound_on_tokens_bounds_the_cost() -> None:
    prices = read_prices()
    for provider, model in prices.entries:
        most = prices.cost(provider, model, Usage(1000, 500))
        assert prices.cost(provider, model, Usage(1000, 500, 300)) <= most
        assert prices.cost(provider, model, Usage(1000, 500), is_batch=True) <= most


def test_every_provider_is_dated_free_or_made_up() -> None:
    prices = read_prices()
    free = {"transformers"}  # a model on one's own hardware
    assert prices.cost("transformers", "any", Usage(1000, 500)) == 0
    named = {provider for provider, _ in prices.entries} - free
    real = {provider for provider in named if not provider.startswith("local_")}
    assert set(prices.read_on) == real
    made_up = named - real
    assert {model for provider, model in prices.entries if provider in made_up} == {
        "local-a",
        "local-b",
        "local-critic",
        "local-writer",
        "local-painter",
    }


def test_the_local_server_bills_what_we_reckon() -> None:
    prices = read_prices()
    local = [entry for entry in prices.entries if entry[0].startswith("local_")]
    assert local
    for (provider, model), is_batch in product(local, (False, True)):
        cost = prices.cost(provider, model, Usage(1013, 77), is_batch=is_batch)
        assert cost == bill(provider, model, Tokens(13, 1000, 77), is_batch=is_batch)


def test_a_snapshot_costs_what_its_model_costs() -> None:
    prices = read_prices()
    assert prices.find("openai", "gpt-4o-2024-08-06") == prices.find("openai", "gpt-4o")
    with pytest.raises(UnknownPrice):
        prices.find("openai", "gpt-4o-unheard-of")


def test_a_model_without_a_price_is_named_with_the_fix() -> None:
    with pytest.raises(UnknownPrice, match=r"\[compatible\.\"qwen \\\"x\\\"\"\].*EEMO_PRICES"):
        read_prices().find("compatible", 'qwen "x"')


def test_a_file_of_ones_own_is_read_over_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(
        '[compatible]\n"*" = { input = 0, output = 0 }\n'
        '[openai."gpt-4o"]\ninput = 5\noutput = 20.5\nbatch_share = 0.25\n',
        "utf-8",
    )
    monkeypatch.setenv("EEMO_PRICES", str(own))
    prices = read_prices()
    assert prices.files[-1] == own
    assert prices.cost("compatible", "my-own-model", Usage(10**6, 10**6)) == 0
    assert prices.cost("compatible", "deepseek-chat", Usage(100, 0)) == 28_000
    assert prices.cost("openai", "gpt-4o", Usage(1, 1)) == 25_500
    assert prices.cost("openai", "gpt-4o", Usage(4, 4), is_batch=True) == 25_500
    assert prices.cost("openai", "gpt-4o-mini", Usage(1, 0)) == 150


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "openai = 3",
        '[openai]\n"m" = 3',
        '[openai."m"]\ninput = 1',
        '[openai."m"]\ninput = 1\noutput = 2\nprice = 3',
        '[openai."m"]\ninput = 1\noutput = -2',
        '[openai."m"]\ninput = 1\noutput = "2"',
        '[openai."m"]\ninput = 1\noutput = nan',
        '[openai."m"]\ninput = 1\noutput = true',
        '[openai."m"]\ninput = 1\noutput = 2\nbatch_share = 1.5',
        '[openai."m"]\ninput = 0.0000001\noutput = 2',
    ],
)
def test_a_price_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadPrices, match=r"mine\.toml"):
        read_prices(path)


def test_a_price_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadPrices, match=r"gone\.toml.*EEMO_PRICES"):
        read_prices(tmp_path / "gone.toml")
