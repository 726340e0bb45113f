"""Loads and saves Qwen2.5-VL models and their processors, from folders or by name.

Weights are read only from safetensors, because other formats can run code when they are loaded.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from eemo_pipeline.stages.training.job_reporting import JobFailed

# Linear and embedding modules of the whole model, as the released script selects them: vision
# tower, merger and language model, without output head and token embeddings.
EVERY_LINEAR = (
    r".*\.(q_proj|k_proj|v_proj|o_proj|qkv|proj|gate_proj|up_proj|down_proj|merger\.mlp\.[02])$"
)
LANGUAGE_LINEAR = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)$"
_ANSWERS_S = 5.0  # timeout of one look at the hub
LORA_SCOPES = {"vision_merger_language": EVERY_LINEAR, "language": LANGUAGE_LINEAR}


def load_model(place: str, precision: str) -> Any:
    """Load a model for training or inference, on the GPU where there is one.

    Args:
        place: a folder, or a name that transformers can resolve.
        precision: bf16 or fp32.
    """
    import torch  # pyright: ignore
    from transformers import Qwen2_5_VLForConditionalGeneration  # pyright: ignore

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    with _explain_missing(place):
        model: Any = Qwen2_5_VLForConditionalGeneration.from_pretrained(
            place,
            dtype=dtype,
            use_safetensors=True,
            local_files_only=why_offline(place) is not None,
        )
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def load_processor(place: str, min_pixels: int, max_pixels: int) -> Any:
    """Load the processor of texts and images, with the budget of an image in pixels.

    The stock processor also loads a class for videos, which needs torchvision. Without torchvision
    a processor of images and texts alone is built from the same parts.

    Args:
        place: a folder, or a name that transformers can resolve.
        min_pixels: smaller images are enlarged to this area.
        max_pixels: larger images are reduced to this area.
    """
    from importlib.util import find_spec

    from transformers import AutoTokenizer, Qwen2VLImageProcessor  # pyright: ignore

    local: Any = {"local_files_only": why_offline(place) is not None}
    with _explain_missing(place):
        tokenizer = AutoTokenizer.from_pretrained(place, **local)
        images: Any = Qwen2VLImageProcessor.from_pretrained(place, **local)
    images.size = {"shortest_edge": min_pixels, "longest_edge": max_pixels}
    if find_spec("torchvision"):
        from transformers import Qwen2_5_VLProcessor  # pyright: ignore

        processor: Any = Qwen2_5_VLProcessor.from_pretrained(place, **local)
        processor.image_processor, processor.tokenizer = images, tokenizer
        return processor
    return _image_processor_class()(images, tokenizer, tokenizer.chat_template)


def require_gpus(job: Mapping[str, Any]) -> None:
    """Refuse to train on the processor what asks for a GPU: it would take weeks, and say nothing.

    Raises:
        JobFailed: the recipe asks for GPUs, and torch sees fewer.
    """
    import torch  # pyright: ignore

    wanted = job.get("about", {}).get("resources", {}).get("gpus", 0)
    seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted > seen:
        raise JobFailed(
            f"the recipe asks for gpus: {wanted:g}, and torch sees {seen}: look at nvidia-smi and "
            "at CUDA_VISIBLE_DEVICES; gpus: 0 in the recipe trains on the processor"
        )


@cache
def why_offline(place: str) -> str | None:
    """Return why a model is read from this machine alone; None if the hub may be asked for it.

    The hub is tried once, for seconds. Its own client tries for a minute, and says nothing.
    """
    import huggingface_hub as hub  # pyright: ignore

    if Path(place).is_dir():
        return "it is a folder"
    if hub.is_offline_mode():
        return "HF_HUB_OFFLINE forbids to ask the hub"
    try:
        hub.get_session().head(hub.constants.ENDPOINT, timeout=_ANSWERS_S)
    except Exception as error:  # noqa: BLE001 (of the network, or of a proxy: it does not answer)
        return f"the hub at {hub.constants.ENDPOINT} does not answer ({str(error)[:100]})"
    return None


@contextmanager
def _explain_missing(place: str) -> Iterator[None]:
    """Raise JobFailed where a model is neither a folder nor a name that can be resolved here."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:  # of the disk, and not a verdict of transformers
            raise
        why = why_offline(place)
        said = (
            f"{str(error).strip().splitlines()[0][:200]}"
            if why is None or Path(place).is_dir()
            else f"there is no such folder, it was not downloaded before, and {why}"
        )
        raise JobFailed(
            f"the base model {place} cannot be read ({said}): "
            "name a folder with its config.json and safetensors in the key base of the recipe"
        ) from error


def merge_adapter(model: Any, folder: Path, processor: Any) -> None:
    """Add the LoRA weights of a PEFT model to its base weights, and save the whole model."""
    merged = model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
    save_model(merged, folder, processor)


def save_model(model: Any, folder: Path, processor: Any) -> None:
    """Save model, tokenizer and image processor as one folder, in safetensors."""
    model.save_pretrained(folder)
    processor.tokenizer.save_pretrained(folder)
    processor.image_processor.save_pretrained(folder)


def list_files(folder: Path, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the weights of a saved model, and all of its files, as names below the job folder.

    Weights in several files are named by their index.
    """
    files = tuple(
        path.relative_to(folder).as_posix()
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    )
    index = f"{name}/model.safetensors.index.json"
    return (index if index in files else f"{name}/model.safetensors"), files


def _image_processor_class() -> Any:
    from transformers import Qwen2_5_VLProcessor  # pyright: ignore
    from transformers.processing_utils import ProcessorMixin  # pyright: ignore

    class ImageTextProcessor(Qwen2_5_VLProcessor):
        """The stock processor without its part for videos."""

        @classmethod
        def get_attributes(cls) -> list[str]:
            return ["image_processor", "tokenizer"]

        def __init__(self, image_processor: Any, tokenizer: Any, chat_template: Any) -> None:
            self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
            self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
            self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
            self.video_processor = None
            ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    return ImageTextProcessor
