"""The choice of the image generator and its caps: none by default, or a message for errors."""

from pathlib import Path

import pytest

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.ledger.store import Ledger
from eemo_pipeline.stages.expansion.limits import EXPANSION_LIMITS
from eemo_pipeline.vlm.session import Session
from eemo_pipeline.vlm.spending.budget import Budget
from eemo_pipeline.vlm.spending.prices import UnknownPrice, read_prices
from resources.expansion_limits import BadExpansionLimit, read_expansion_limits
from resources.roles.generators import BadGenerator, planned_generator, read_size


def plan(tmp_path: Path) -> object:
    session = Session(Ledger(tmp_path / "ledger.sqlite"), Budget(), read_prices())
    return planned_generator(session, DataRoot(tmp_path))


def test_by_default_no_image_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EEMO_GENERATOR", raising=False)
    assert plan(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dall-e", BadGenerator),
        ("openai", BadGenerator),
        ("gemini:imagen", BadGenerator),
        ("openai:gpt-image-9", UnknownPrice),
    ],
)
def test_a_choice_that_cannot_be_used_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, problem: type[Exception]
) -> None:
    monkeypatch.setenv("EEMO_GENERATOR", text)
    with pytest.raises(problem):
        plan(tmp_path)


@pytest.mark.parametrize("text", ["local", "openai:gpt-image-1"])
def test_a_choice_has_the_size_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("EEMO_GENERATOR", text)
    monkeypatch.setenv("EEMO_GENERATOR_SIZE", "512x256")
    generator = plan(tmp_path)
    assert getattr(generator, "size", None) == (512, 256)


@pytest.mark.parametrize("text", ["", "large", "10x10", "1024", "99999x1", "-5x600"])
def test_a_wrong_size_is_said_so(text: str) -> None:
    with pytest.raises(BadGenerator, match="EEMO_GENERATOR_SIZE"):
        read_size(text)


def test_caps_come_from_launchpad_then_environment_then_defaults() -> None:
    assert read_expansion_limits("") == EXPANSION_LIMITS
    chosen = read_expansion_limits(
        "images_per_query=3, prompts_per_emotion=4", {"images_per_query": 5}
    )
    assert (chosen.images_per_query, chosen.prompts_per_emotion) == (5, 4)
    for text in ("images=3", "images_per_query=-1", "images_per_query", "images_per_query=1e9"):
        with pytest.raises(BadExpansionLimit):
            read_expansion_limits(text)
