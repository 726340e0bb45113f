"""Exact cost of an attempt from published prices.

The table is `prices.toml` in the parent folder; a file of the same form, named in EEMO_PRICES,
overrides its entries. Prices are published in USD per million tokens, which makes whole pico-USD
per token: sums are integers, rounded up to nano-USD once per attempt. `budget.py` enforces the cap.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from eemo_pipeline.vlm.contract import Usage

VARIABLE = "EEMO_PRICES"
TABLE = Path(str(files("eemo_pipeline.vlm"))) / "prices.toml"
ANY_MODEL = "*"
_SNAPSHOT = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")  # gpt-4o-2024-08-06 costs what gpt-4o costs
_FIELDS = {"input", "cached_input", "output", "image", "batch_share"}
_PICO_PER_NANO = 1000
_MILLION = 1_000_000


class BadPrices(ValueError):
    """A price file cannot be used; the message says which, why, and what to correct."""


class UnknownPrice(LookupError):
    """A model has no price, so the cost of a run is unknown."""


@dataclass(frozen=True)
class Price:
    """The price of one model.

    Attributes:
        input_pico: Pico-USD per input token: the published USD per million tokens, times 10^6.
        cached_pico: The same for input tokens that the provider had cached.
        output_pico: The same for output tokens, reasoning included.
        batch_share: Price of a batch relative to the online price, in millionths.
        image_pico: Pico-USD per generated image.
    """

    input_pico: int
    cached_pico: int
    output_pico: int
    batch_share: int
    image_pico: int = 0


@dataclass(frozen=True)
class Prices:
    """The price table.

    Attributes:
        entries: (provider, model) -> price; the model `*` means any model of the provider.
        read_on: provider -> the date on which its prices were read.
        files: The source files; a later file overrides an earlier one.
    """

    entries: Mapping[tuple[str, str], Price]
    read_on: Mapping[str, date]
    files: tuple[Path, ...]

    def find(self, provider: str, model: str) -> Price:
        """Return the price of a model; a dated snapshot has the price of its model.

        Raises:
            UnknownPrice: No file lists it.
        """
        for name in (model, _SNAPSHOT.sub("", model), ANY_MODEL):
            if (provider, name) in self.entries:
                return self.entries[provider, name]
        raise UnknownPrice(
            f"the model {model!r} of {provider} has no price in "
            f"{' or '.join(str(path) for path in self.files)}, so its cost cannot be counted. "
            f"Write a file with [{provider}.{_quoted(model)}] input = ... and output = ... (USD "
            f"per million tokens, 0 where it costs nothing) and name it in {VARIABLE}"
        )

    def cost(self, provider: str, model: str, usage: Usage, *, is_batch: bool = False) -> int:
        """Return the cost of one attempt in nano-USD, rounded up.

        Raises:
            UnknownPrice: The model has no price.
        """
        price = self.find(provider, model)
        cached = min(usage.cached_tokens, usage.input_tokens)
        pico = (
            (usage.input_tokens - cached) * price.input_pico
            + cached * price.cached_pico
            + usage.output_tokens * price.output_pico
            + usage.images * price.image_pico
        )
        share = price.batch_share if is_batch else _MILLION
        return -(-pico * share // (_MILLION * _PICO_PER_NANO))


def read_prices(override: Path | None = None) -> Prices:
    """Read the package's table, overridden by the file in `override` or else in EEMO_PRICES.

    Raises:
        BadPrices: A file cannot be read or understood.
    """
    named = override or (Path(text) if (text := os.environ.get(VARIABLE)) else None)
    files = (TABLE, named) if named else (TABLE,)
    entries: dict[tuple[str, str], Price] = {}
    read_on: dict[str, date] = {}
    for path in files:
        for provider, models in _load(path).items():
            day = models.pop("read_on", None)
            if isinstance(day, date):
                read_on[provider] = day
            for model, fields in models.items():
                entries[provider, model] = _read_price(path, provider, model, fields)
    return Prices(entries, read_on, files)


def _load(path: Path) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise BadPrices(
            f"the price file {path} cannot be read: {why}. Correct it, or unset {VARIABLE}"
        ) from error
    strays = [name for name, models in tables.items() if not isinstance(models, dict)]
    if strays:
        raise BadPrices(
            f"the price file {path}: {strays[0]!r} stands outside of a provider. Write a table "
            'per model, such as [openai."gpt-4o"]'
        )
    return tables


def _read_price(path: Path, provider: str, model: str, fields: Any) -> Price:
    place = f"the price file {path}, [{provider}.{_quoted(model)}]"
    if not isinstance(fields, dict) or not {"input", "output"} <= set(fields) <= _FIELDS:
        raise BadPrices(
            f"{place}: a price has input and output, and may have cached_input, image and "
            "batch_share"
        )
    wrong = [name for name, value in fields.items() if not _is_price(name, value)]
    if wrong:
        raise BadPrices(
            f"{place}: {wrong[0]} is {fields[wrong[0]]!r}. Prices are USD per million tokens as "
            "published, USD per image for image, with six decimals at most; batch_share is between "
            "0 and 1"
        )
    return Price(
        _millionths(fields["input"]),
        _millionths(fields.get("cached_input", fields["input"])),
        _millionths(fields["output"]),
        _millionths(fields.get("batch_share", 1)),
        _MILLION * _millionths(fields.get("image", 0)),
    )


def _is_price(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    is_in_range = 0 <= value <= (1 if name == "batch_share" else 1_000_000)
    return is_in_range and Decimal(str(value)) * _MILLION == _millionths(value)


def _millionths(value: float) -> int:
    return int(Decimal(str(value)) * _MILLION)


def _quoted(model: str) -> str:
    return '"' + model.replace("\\", "\\\\").replace('"', '\\"') + '"'
