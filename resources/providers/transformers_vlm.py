"""Models in folders, by Hugging Face's transformers on one's own processor or GPU, as a provider.

Requests, replies and errors. The child process that holds the model is in
`resources/child_models/`; torch is never imported here.
"""

import asyncio
import json
import os
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache, cached_property
from hashlib import sha256
from math import isclose, isfinite
from pathlib import Path
from typing import Any

from eemo_pipeline.vlm.contract import (
    Capacity,
    Usage,
    VlmReply,
    VlmRequest,
    WordRequest,
    believe_usage,
    read_count,
)
from eemo_pipeline.vlm.errors import CredentialProblem, Rejected, Transient
from resources.child_models.child_process import Patience
from resources.child_models.placement import current_executor
from resources.child_models.served_model import PYTHON, ServedModel, serve
from resources.providers.chat_completions import bound_text
from resources.providers.compatible_vlm import picture_tokens

PROVIDER = "transformers"
BATCH, TIMEOUT, MEMORY = (
    "EEMO_TRANSFORMERS_BATCH",
    "EEMO_TRANSFORMERS_TIMEOUT_S",
    "EEMO_TRANSFORMERS_MEMORY_GB",
)
_LOADING_S = 1800.0
_LONGEST_SAID = 300
# What determines an answer: weights, configuration, tokenizer, chat layout, image processor.
_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
_BLOCK = 1 << 22
_NAME = re.compile(r"[^\w.\-]+")


def find_model_problem(folder: str) -> str | None:
    """Return why a folder cannot be used as a model, or None."""
    place = Path(folder).expanduser()
    if not place.is_dir():
        return (
            f"there is no folder {folder!r}. {PROVIDER} reads a model from a folder, as "
            "save_pretrained or a download leaves it, and downloads nothing: write "
            f"{PROVIDER}:FOLDER"
        )
    if not (place / "config.json").is_file():
        return f"the folder {folder!r} has no config.json, so it holds no model of transformers"
    if not list(place.glob("*.safetensors")):
        return (
            f"the folder {folder!r} has no *.safetensors. Weights are read from no other format, "
            "because others can run code when they are loaded"
        )
    return None


class TransformersVlm:
    """One model of a folder; the same folder is loaded once per process."""

    provider = PROVIDER

    def __init__(self, folder: str) -> None:
        """Store the folder; the model is loaded at the first attempt."""
        self._folder = Path(folder).expanduser().resolve()

    @property
    def model(self) -> str:
        """The folder's name, with a hash of the files that determine an answer."""
        name = _NAME.sub("-", self._folder.name).strip("-") or "model"
        return f"{name[:60]}@{self._fingerprint[:12]}"

    @property
    def tells_words(self) -> bool:
        """Always: the child has the probabilities of all tokens."""
        return True

    @property
    def capacity(self) -> Capacity:
        """Two batches: one is answered while the next is prepared."""
        # An attempt waits for the loading, for the batch before its own, and for its own.
        return Capacity(2 * _batch(), _LOADING_S + 3 * _timeout_s())

    async def send(self, request: VlmRequest) -> VlmReply:
        """Make one attempt.

        Raises:
            ProviderProblem: One of the subclasses in `eemo_pipeline/vlm/errors.py`.
        """
        told = await asyncio.wrap_future(self._served.ask(_encode(request)))
        if told.get("status") != "ok":
            raise self._problem(told)
        text = told.get("text")
        if isinstance(request, WordRequest):
            text = _read_probabilities(told, request.words)
        sent, written = (read_count(told.get(name)) for name in ("input_tokens", "output_tokens"))
        if not isinstance(text, str):
            raise Transient(f"{self.model} answered in another form than it was asked for")
        return VlmReply(
            text=text,
            usage=believe_usage(sent, written, None, is_empty=not text),
            model=self.model,
            is_truncated=told.get("is_truncated") is True,
        )

    def bound_tokens(self, request: VlmRequest) -> Usage:
        """Return an upper bound on the attempt's tokens."""
        pictures = sum(picture_tokens(picture) for picture in request.pictures)
        return Usage(bound_text(request) + pictures, request.max_output_tokens)

    async def close(self) -> None:
        """Keep the model loaded: the next stage or round asks it again."""

    @property
    def _served(self) -> ServedModel:
        patience = Patience(_LOADING_S, _timeout_s())
        return serve(
            str(self._folder),
            self._fingerprint,
            _batch(),
            _memory_gb(),
            patience,
            current_executor(),
        )

    @cached_property
    def _fingerprint(self) -> str:
        return _hash_files(self._folder, _stamp(self._folder))

    def _problem(self, told: Mapping[str, Any]) -> Exception:
        reason, said = told.get("reason"), str(told.get("said") or "")[:_LONGEST_SAID]
        if reason in ("cannot_load", "model_unavailable"):
            why = said or "its process ends or hangs; its messages are above"
            return CredentialProblem(
                f"the model in {self._folder} cannot be loaded: {why}",
                PYTHON,
                "it needs torch and transformers (the extra `grounding`) in this environment, or "
                f"in that of the interpreter that {PYTHON} names, and memory for its weights",
            )
        if reason == "out_of_memory":
            fix = f"lower {BATCH}, send smaller images, or raise {MEMORY}"
            return Rejected("out_of_memory", f"the memory is too small ({said}): {fix}")
        if reason in ("model_failed", "words_share_a_token"):
            return Rejected(str(reason), said)
        return Transient(f"{self.model}: {reason}")


def _encode(request: VlmRequest) -> dict[str, Any]:
    schema = json.dumps(dict(request.schema))
    question: dict[str, Any] = {
        "instruction": request.instruction,
        "question": request.question,
        "images": [b64encode(picture.data).decode() for picture in request.pictures],
        "turns": [asdict(turn) for turn in request.turns],
        "max_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
    }
    if isinstance(request, WordRequest):
        return question | {"words": list(request.words), "beginning": request.beginning}
    question["instruction"] += f"\n\nReply with one object of this JSON Schema: {schema}"
    return question


def _read_probabilities(told: Mapping[str, Any], words: tuple[str, ...]) -> str | None:
    """Return the probabilities as JSON text, or None where they are not those of the words."""
    shares, mass = told.get("probabilities"), told.get("mass")
    if not isinstance(shares, Mapping) or set(shares) != set(words):
        return None
    numbers = [*shares.values(), mass]
    if not all(isinstance(n, float) and isfinite(n) and 0 <= n <= 1 + 1e-6 for n in numbers):
        return None
    if not isclose(sum(shares.values()), 1, abs_tol=1e-6):
        return None
    # A sum of shares may exceed 1 in its last digit.
    told_shares = {word: min(shares[word], 1.0) for word in words}
    return json.dumps({"probabilities": told_shares, "mass": min(numbers[-1], 1.0)})


def _batch() -> int:
    return _number(BATCH, 4, 1, 256)


def _timeout_s() -> float:
    return float(_number(TIMEOUT, 600, 1, 86_400))


def _memory_gb() -> float:
    """Return the limit of a child without a GPU: by default the memory of this machine."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**3
    return float(_number(MEMORY, max(1, physical), 1, 1 << 20))


def _number(variable: str, default: int, least: int, most: int) -> int:
    """Return a whole number from the environment.

    Raises:
        CredentialProblem: the variable holds something else.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise CredentialProblem(
            f"{variable} is {text[:40]!r}", variable, f"set it to a number of {least} to {most}"
        )
    return int(text)


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of change of every file that determines an answer."""
    paths = sorted({path for pattern in _FILES for path in folder.glob(pattern)})
    states = [(path.name, path.stat()) for path in paths]
    return tuple((name, state.st_size, state.st_mtime_ns) for name, state in states)


@cache
def _hash_files(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> str:
    digest = sha256()
    for name, size, _ in stamp:
        digest.update(f"{name}\0{size}\0".encode())
        with (folder / name).open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
