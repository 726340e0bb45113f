"""The registry of model providers, and the parser for a list of them.

One line per provider. The module `resources/roles/annotators.py` and its neighbours decide the use
of the models.
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
from resources.providers.transformers_vlm import TransformersVlm, find_model_problem

VARIABLE = "EEMO_PROVIDERS"
EMBEDDED, LOCAL = "embedded", "local"


class BadProviders(ValueError):
    """A list of providers that cannot be parsed; the message gives the reason."""


class MissingModel(BadProviders):
    """A model that is not where it is said to be."""


@dataclass(frozen=True)
class Provider:
    """How a provider's models are created.

    Attributes:
        build: Creates the model from its name, without opening a connection.
        model: The default model; None if one must be named.
        variables: Environment variables required for every call.
        find_problem: Returns why a model cannot be used, or None.
        takes_several: Whether several of its models may annotate: each is a family of its own.
    """

    build: Callable[[str], VisionLanguageModel]
    model: str | None
    variables: tuple[str, ...]
    find_problem: Callable[[str], str | None] = lambda _: None
    takes_several: bool = False


# The defaults are the models of EmoVerse (arXiv 2511.12554): GPT-4o and Gemini 2.5.
PROVIDERS: dict[str, Provider] = {
    "openai": Provider(OpenAiVlm, "gpt-4o-2024-11-20", (OPENAI_KEY,)),
    "gemini": Provider(GeminiVlm, "gemini-2.5-flash", (GEMINI_KEY,)),
    "compatible": Provider(CompatibleVlm, None, (BASE_URL,)),
    "transformers": Provider(TransformersVlm, None, (), find_model_problem, takes_several=True),
}


@dataclass(frozen=True)
class Choice:
    """A provider and one of its models."""

    provider: str
    model: str

    def build(self) -> VisionLanguageModel:
        """Create the model, without opening a connection."""
        return PROVIDERS[self.provider].build(self.model)

    def missing(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Return the variables that a call needs and that are not set."""
        return tuple(
            name for name in PROVIDERS[self.provider].variables if not environment.get(name)
        )


def chosen_text(named: str | None = None) -> str:
    """Return the choice as text: `named`, else EEMO_PROVIDERS, else the embedded models."""
    return (named or os.environ.get(VARIABLE) or EMBEDDED).strip()


def read_choices(text: str) -> tuple[Choice, ...]:
    """Parse `openai`, `openai:MODEL,gemini` and so on; `embedded` and `local` give no choices.

    Raises:
        BadProviders: A provider is unknown, or needs a model name; one of another family, or a
            model, is named twice.
        MissingModel: A model is not where it is said to be.
    """
    if text in (EMBEDDED, LOCAL):
        return ()
    choices = [_read_choice(part.strip()) for part in text.split(",")]
    names = [_family(choice) for choice in choices]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise BadProviders(
            f"{twice} is named twice; annotators are of different families, one per provider, or "
            "models of different folders"
        )
    return tuple(choices)


def _family(choice: Choice) -> str:
    if not PROVIDERS[choice.provider].takes_several:
        return choice.provider
    return f"{choice.provider}:{choice.build().model}"


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
    if problem := provider.find_problem(model or provider.model or ""):
        raise MissingModel(problem)
    return Choice(name, model or provider.model or "")
