"""Which model providers there are, and how a list of them is written.

Belongs here: one line per provider, and reading a choice. Does not belong here: any provider (the
files beside this), or what they are asked for (`annotators.py` and its like).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eemo_pipeline.vlm.contract import VisionLanguageModel
from resources.providers.compatible_vlm import BASE_URL, CompatibleVlm
from resources.providers.gemini_vlm import KEY as GEMINI_KEY
from resources.providers.gemini_vlm import GeminiVlm
from resources.providers.openai_vlm import KEY as OPENAI_KEY
from resources.providers.openai_vlm import OpenAiVlm

VARIABLE = "EEMO_PROVIDERS"
EMBEDDED, LOCAL = "embedded", "local"


class BadProviders(ValueError):
    """A list of providers that cannot be understood; the message says why."""


@dataclass(frozen=True)
class Provider:
    """How a provider's models are made.

    Attributes:
        build: model name -> the model; opens nothing.
        model: the model where none is named; None where one must be.
        variables: environment variables without which no call can pass.
    """

    build: Callable[[str], VisionLanguageModel]
    model: str | None
    variables: tuple[str, ...]


# The models of EmoVerse (arXiv 2511.12554), GPT-4o and Gemini 2.5, where none is named.
PROVIDERS: dict[str, Provider] = {
    "openai": Provider(OpenAiVlm, "gpt-4o-2024-11-20", (OPENAI_KEY,)),
    "gemini": Provider(GeminiVlm, "gemini-2.5-flash", (GEMINI_KEY,)),
    "compatible": Provider(CompatibleVlm, None, (BASE_URL,)),
}


@dataclass(frozen=True)
class Choice:
    """A provider and one of its models."""

    provider: str
    model: str

    def build(self) -> VisionLanguageModel:
        """The model; nothing is opened."""
        return PROVIDERS[self.provider].build(self.model)

    def missing(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Variables that a call needs and that are not set."""
        return tuple(
            name for name in PROVIDERS[self.provider].variables if not environment.get(name)
        )


def chosen_text(named: str | None = None) -> str:
    """The choice as text: what is named, else EEMO_PROVIDERS, else the embedded models."""
    return (named or os.environ.get(VARIABLE) or EMBEDDED).strip()


def read_choices(text: str) -> tuple[Choice, ...]:
    """`openai`, `openai:MODEL,gemini` and so on; none for `embedded` and `local`.

    Raises:
        BadProviders: an unknown provider, one named twice, or one whose model must be named.
    """
    if text in (EMBEDDED, LOCAL):
        return ()
    choices = [_read_choice(part.strip()) for part in text.split(",")]
    names = [choice.provider for choice in choices]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise BadProviders(
            f"{twice} is named twice; annotators are of different families, one per provider"
        )
    return tuple(choices)


def _read_choice(part: str) -> Choice:
    name, _, model = part.partition(":")
    provider = PROVIDERS.get(name)
    if provider is None:
        raise BadProviders(
            f"there is no provider {name!r}; there are {EMBEDDED}, {LOCAL}, or a list of "
            f"{', '.join(PROVIDERS)}, each with :MODEL where another model is wanted"
        )
    if not (model or provider.model):
        raise BadProviders(f"{name} has no model of its own choice: write {name}:MODEL")
    return Choice(name, model or provider.model or "")
