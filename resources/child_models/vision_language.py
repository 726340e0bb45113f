"""The child of `served_model.py`: a language model, with or without images, behind JSON lines.

    python vision_language.py FOLDER BATCH MEMORY_GB

A question has `instruction`, `question`, `images`, `turns`, `max_tokens`, `temperature` and `seed`;
its answer has `text`, `input_tokens`, `output_tokens` and `is_truncated`. A question with `words`
and `beginning` is answered by the probabilities of those words after the beginning of a reply.

The file runs in any environment that has torch, transformers and Pillow, so it imports nothing else
but `json_lines.py`, from its own folder. Models are read from a folder alone: nothing is
downloaded, no code of a model is executed, and weights are read only from safetensors, because
other formats can run code when they are loaded.
"""

import base64
import io
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from json_lines import (  # pyright: ignore[reportMissingImports]
    answer_each,
    read_together,
    write_answers,
)

_LONGEST_SAID = 300
_WATCHED_S = 1.0
_GB = 1024**3
_IMAGE_PAD = "<|image_pad|>"
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "Cannot allocate")


def main(folder: str, batch: int, memory_gb: float) -> None:
    """Answer every input line with one output line; waiting lines are answered as a batch.

    A model that cannot be loaded answers every line with the reason.
    """
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    served: _Served | None = None
    problem: dict[str, Any] = {}
    for asked in read_together(batch):
        if served is None and not problem:
            try:
                served = _load(folder, memory_gb)
            except Exception as error:  # noqa: BLE001 (whatever it is, the parent tells the user)
                problem = {**_describe(error), "reason": "cannot_load"}
        if served is None:
            write_answers(asked, [problem] * len(asked))
        else:
            write_answers(asked, _answer(served, asked))


def _end_with_parent(parent: int) -> None:
    """End the process when its parent is gone: nobody would read the answer."""
    while os.getppid() == parent:
        time.sleep(_WATCHED_S)
    os._exit(1)


def _load(folder: str, memory_gb: float) -> "_Served":
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch  # pyright: ignore
    from transformers import (  # pyright: ignore
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForImageTextToText,
        AutoTokenizer,
    )
    from transformers.models.auto.modeling_auto import (  # pyright: ignore
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as SEEING,
    )
    from transformers.utils import logging  # pyright: ignore

    logging.disable_progress_bar()
    on_gpu = torch.cuda.is_available()
    if memory_gb and not on_gpu:  # CUDA reserves addresses far beyond the memory
        import resource

        most = int(memory_gb * _GB)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    local = {"local_files_only": True, "trust_remote_code": False}
    config = AutoConfig.from_pretrained(folder, **local)
    sees = config.model_type in SEEING
    kind = AutoModelForImageTextToText if sees else AutoModelForCausalLM
    model: Any = kind.from_pretrained(folder, dtype="auto", use_safetensors=True, **local)
    model.eval().to("cuda" if on_gpu else "cpu")
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", **local)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return _Served(model, tokenizer, _image_inputs(folder, tokenizer, local) if sees else None)


def _image_inputs(folder: str, tokenizer: Any, local: Mapping[str, Any]) -> Any:
    """Return a function of texts and their images: the stock processor, or Qwen's parts of it.

    The stock processor of Qwen's models also loads a class for videos, which needs torchvision.
    """
    from importlib.util import find_spec

    from transformers import AutoImageProcessor, AutoProcessor  # pyright: ignore

    if find_spec("torchvision") or _IMAGE_PAD not in tokenizer.get_vocab():
        processor: Any = AutoProcessor.from_pretrained(folder, **local)
        processor.tokenizer.padding_side = "left"
        processor.tokenizer.pad_token = tokenizer.pad_token

        def stock(texts: Sequence[str], images: Sequence[Sequence[Any]]) -> Any:
            shown = [list(row) for row in images] if any(images) else None
            return processor(text=list(texts), images=shown, padding=True, return_tensors="pt")

        return stock
    images_alone: Any = AutoImageProcessor.from_pretrained(folder, backend="pil", **local)
    pad = tokenizer.convert_tokens_to_ids(_IMAGE_PAD)

    def parts(texts: Sequence[str], images: Sequence[Sequence[Any]]) -> Any:
        flat = [image for row in images for image in row]
        if not flat:
            return tokenizer(list(texts), padding=True, return_tensors="pt")
        shown = images_alone(images=flat, return_tensors="pt")
        sizes = iter((shown["image_grid_thw"].prod(-1) // images_alone.merge_size**2).tolist())
        filled = [_fill(text, sizes) for text in texts]
        inputs = tokenizer(filled, padding=True, return_tensors="pt")
        inputs["mm_token_type_ids"] = (inputs["input_ids"] == pad).int()
        inputs.update(shown)
        return inputs

    return parts


def _fill(text: str, sizes: Iterable[int]) -> str:
    """Repeat each mark of an image as often as the image has tokens."""
    pieces = text.split(_IMAGE_PAD)
    marks = [_IMAGE_PAD * size for _, size in zip(pieces[1:], sizes, strict=False)]
    return pieces[0] + "".join(mark + piece for mark, piece in zip(marks, pieces[1:], strict=True))


def _answer(served: "_Served", asked: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Answer a batch in its order; questions that are sampled or have other limits go alone."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, question in enumerate(asked):
        alone = "words" in question or question["temperature"] > 0
        groups.setdefault((place,) if alone else ("", question["max_tokens"]), []).append(place)
    answers: list[dict[str, Any]] = [{}] * len(asked)
    for places in groups.values():
        shown = [_prepare(served, asked[place]) for place in places]
        for place, answer in zip(places, answer_each(shown, served.reply), strict=True):
            answers[place] = answer
    return answers


def _prepare(served: "_Served", question: Mapping[str, Any]) -> Any:
    """Return the question with its text and images, or the exception that preparing it raised."""
    from PIL import Image

    try:
        images = []
        for text in question["images"]:
            with Image.open(io.BytesIO(base64.b64decode(text))) as image:
                images.append(image.convert("RGB"))
        if images and served.image_inputs is None:
            raise ValueError("a text model sees no images")
        return question, served.write(question, len(images)), images
    except Exception as error:  # noqa: BLE001 (a failed question must not affect the others)
        return error


class _Served:
    """A loaded model with its tokenizer."""

    def __init__(self, model: Any, tokenizer: Any, image_inputs: Any) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.image_inputs = image_inputs

    def write(self, question: Mapping[str, Any], images: int) -> str:
        """Return the conversation in the model's own chat layout."""
        said: Any = question["question"]
        if self.image_inputs is not None:
            said = [{"type": "image"}] * images + [{"type": "text", "text": said}]
        messages = [
            {"role": "system", "content": question["instruction"]},
            {"role": "user", "content": said},
        ]
        for turn in question["turns"]:
            messages += [
                {"role": "assistant", "content": turn["reply"]},
                {"role": "user", "content": turn["complaint"]},
            ]
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return text + question.get("beginning", "")

    def reply(self, shown: Sequence[Any]) -> list[dict[str, Any]]:
        """Return the answers to questions of one kind; a lone failure says what it was."""
        try:
            return self._reply(shown)
        except Exception as error:
            if len(shown) > 1:
                raise
            return [_describe(error)]

    def _reply(self, shown: Sequence[Any]) -> list[dict[str, Any]]:
        import torch  # pyright: ignore

        texts, images = [text for _, text, _ in shown], [row for _, _, row in shown]
        if self.image_inputs is None:
            inputs = self.tokenizer(texts, padding=True, return_tensors="pt")
        else:
            inputs = self.image_inputs(texts, images)
        inputs = {name: value.to(self.model.device) for name, value in inputs.items()}
        question = shown[0][0]
        sent = inputs["attention_mask"].sum(dim=1).tolist()
        with torch.inference_mode():
            if "words" in question:
                first = self._first_tokens(question["beginning"], question["words"])
                if len(set(first)) < len(first):
                    words = ", ".join(question["words"])
                    said = f"the words {words} share a first token in this model"
                    return [{"status": "error", "reason": "words_share_a_token", "said": said}]
                return [
                    self._weigh(dict(zip(question["words"], first, strict=True)), inputs, sent[0])
                ]
            most, warm = question["max_tokens"], question["temperature"]
            how: dict[str, Any] = {"do_sample": False}
            if warm > 0:
                torch.manual_seed(question["seed"] or 0)
                how = {"do_sample": True, "temperature": warm}
            found = self.model.generate(**inputs, max_new_tokens=most, **how)
        fresh = found[:, inputs["input_ids"].shape[1] :]
        return [
            self._read(row, tokens, most) for row, tokens in zip(fresh.tolist(), sent, strict=True)
        ]

    def _read(self, row: list[int], sent: int, most: int) -> dict[str, Any]:
        ends = self.model.generation_config.eos_token_id
        stops = {self.tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
        length = next((n + 1 for n, token in enumerate(row) if token in stops), None)
        written = len(row) if length is None else length
        return {
            "status": "ok",
            "text": self.tokenizer.decode(row[:written], skip_special_tokens=True),
            "input_tokens": sent,
            "output_tokens": written,
            "is_truncated": length is None and written >= most,
        }

    def _first_tokens(self, beginning: str, words: Sequence[str]) -> list[int]:
        """Return the token with which each word goes on after the beginning of a reply.

        Some tokenizers begin a lone text with a space of its own: a word alone would not tell.
        """
        before = self.tokenizer.encode(beginning, add_special_tokens=False)
        wholes = [
            self.tokenizer.encode(f"{beginning} {word}", add_special_tokens=False) for word in words
        ]
        if any(whole[: len(before)] != before for whole in wholes):
            raise ValueError(f"{beginning!r} has other tokens before a word than alone")
        return [whole[len(before)] for whole in wholes]

    def _weigh(
        self, first: Mapping[str, int], inputs: Mapping[str, Any], sent: int
    ) -> dict[str, Any]:
        """Return the softmax over the first tokens of words, and their share of all tokens."""
        ids = list(first.values())
        logits = self.model(**inputs).logits[0, -1].double()
        shares = logits[ids].softmax(0).tolist()
        return {
            "status": "ok",
            "probabilities": dict(zip(first, shares, strict=True)),
            "mass": float(logits.softmax(0)[ids].sum()),
            "input_tokens": sent,
            "output_tokens": 1,
        }


def _describe(error: Exception) -> dict[str, Any]:
    said = " ".join(str(error).split())[:_LONGEST_SAID]
    is_memory = isinstance(error, MemoryError) or any(words in said for words in _NO_MEMORY)
    if is_memory:
        return {"status": "error", "reason": "out_of_memory", "said": said or "out of memory"}
    return {"status": "error", "reason": "model_failed", "said": said or type(error).__name__}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
