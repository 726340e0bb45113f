"""Numbers that others have published, beside which ours stand.

EEmo-Bench's are from the tables of its repository (arXiv 2504.16405); the README there gives two
decimals.
"""

import csv
from functools import cache
from importlib.resources import files

_FILE, _HERE = "published_numbers.csv", "eemo_pipeline.stages.evaluation"
RANDOM = "Random guess"
# How response files call a model -> how the table does, both in the form of `_plain`.
_ALIASES = {
    "deepseek-vl": "deepseek-vl-7b-chat",
    "janus-7b": "janus-pro-7b",
    "qwen2-7b": "qwen2-vl-7b",
    "qwen2.5-7b": "qwen2.5-vl-7b",
    "random-guess": "random guess",
}


@cache
def _published() -> dict[tuple[str, str, str, str], float]:
    text = files(_HERE).joinpath(_FILE).read_text("utf-8")
    return {
        (row["benchmark"], row["section"], row["number"], _plain(row["model"])): float(row["value"])
        for row in csv.DictReader(text.splitlines())
    }


def published(benchmark: str, section: str, number: str, model: str) -> float | None:
    """Return the published value of a number, or None where nobody has published one."""
    plain = _plain(model)
    known = _published()
    for name in (plain, _ALIASES.get(plain, plain)):
        if (value := known.get((benchmark, section, number, name))) is not None:
            return value
    return None


def _plain(model: str) -> str:
    return model.strip().lower().replace("_", "-")
