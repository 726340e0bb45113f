"""Failures of memory, disk, device and arithmetic as sentences that name the key of the recipe.

Libraries raise the same failure as different exceptions. A full disk is an OSError from Python, a
SafetensorError from weights, a RuntimeError of torch's archive from an optimiser, and a bare
Exception from a tokenizer; so failures are told apart by their words as well.
"""

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eemo_pipeline.stages.training.job_folder import CHECKPOINTS
from eemo_pipeline.stages.training.job_reporting import JobFailed

CHECKPOINT_STATE = "trainer_state.json"  # the last file of a whole checkpoint
_DISK_CODES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DISK_WORDS = (
    *("no space left", "quota exceeded", "file too large"),
    *("inline_container", "pytorchstreamwriter failed"),  # torch's archive, cut short
)
_MEMORY_WORDS = (
    *("out of memory", "can't allocate memory", "cannot allocate memory"),
    *("cublas_status_alloc_failed", "killed by signal: killed"),  # of a loader's worker
)
_NUMBER_WORDS = ("contains either `inf`, `nan`",)  # of sampling
_DEVICE_WORDS = ("cuda", "cudnn", "cublas", "nccl", "device-side", "nvml")
_SIZES = (
    *("batch_size_per_device", "batch_size", "generations", "max_completion_tokens"),
    *("max_pixels", "max_tokens", "dimension", "mapped"),
)
_LONGEST_WORDS = 200


@contextmanager
def explain_failures(parameters: Mapping[str, Any], folder: Path) -> Iterator[None]:
    """Turn failures of memory, disk, device and arithmetic into sentences.

    Raises:
        JobFailed: the job failed for one of these reasons.
    """
    try:
        yield
    except JobFailed as failure:
        # A loader's process puts its traceback before the message.
        _, was_in_worker, message = str(failure).rpartition(f"{JobFailed.__name__}: ")
        if not was_in_worker:
            raise
        raise JobFailed(message.strip()) from failure
    except MemoryError as error:
        raise out_of_memory(parameters) from error
    except Exception as error:
        words = str(error).lower()
        if getattr(error, "errno", None) in _DISK_CODES or _has(words, _DISK_WORDS):
            remove_torn(folder)
            raise _full_disk(parameters, folder) from error
        if _has(words, _MEMORY_WORDS):
            raise out_of_memory(parameters) from error
        if _has(words, _NUMBER_WORDS):
            raise not_finite("the model's output is not finite", parameters) from error
        if isinstance(error, RuntimeError) and _has(words, _DEVICE_WORDS):
            raise JobFailed(
                f"the GPU was lost or failed ({_first_line(error)}): start the training again, it "
                "goes on from its last whole checkpoint; without a GPU only with gpus: 0"
            ) from error
        raise


def out_of_memory(parameters: Mapping[str, Any]) -> JobFailed:
    """Return the failure of a job that had too little memory, on the processor or the GPU."""
    sizes = [f"{name} (now {parameters[name]})" for name in _SIZES if parameters.get(name)]
    advice = [f"lower {', '.join(sizes)} in the recipe"] if sizes else ["use a larger machine"]
    if parameters.get("gradient_checkpointing") is False:
        advice.append("set gradient_checkpointing: true")
    if "accumulation_steps" in parameters:
        advice.append("a higher accumulation_steps keeps the size of an update")
    return JobFailed(f"out of memory: {'; '.join(advice)}")


def not_finite(what: str, parameters: Mapping[str, Any]) -> JobFailed:
    """Return the failure of a job whose numbers are NaN or infinite.

    Args:
        what: what is not finite, and where.
        parameters: the recipe.
    """
    also = ", or raise warmup_ratio" if "warmup_ratio" in parameters else ""
    return JobFailed(
        f"{what}, and no later step can mend it: lower learning_rate "
        f"(now {parameters['learning_rate']}){also} in the recipe"
    )


def remove_torn(folder: Path) -> None:
    """Remove what a killed or failed attempt left half written: it cannot be used."""
    for place in (*folder.glob(".*.tmp"), *(folder / CHECKPOINTS).glob("checkpoint-*")):
        if place.is_file():
            place.unlink(missing_ok=True)
        elif place.suffix == ".tmp" or not (place / CHECKPOINT_STATE).is_file():
            shutil.rmtree(place, ignore_errors=True)


def _full_disk(parameters: Mapping[str, Any], folder: Path) -> JobFailed:
    rarer = f", or raise save_steps (now {parameters['save_steps']})"
    return JobFailed(
        f"the disk of {folder} is full, or a limit on files was reached: free some space"
        f"{rarer if 'save_steps' in parameters else ''}; the training goes on from its last whole "
        "checkpoint"
    )


def _has(words: str, markers: tuple[str, ...]) -> bool:
    return any(marker in words for marker in markers)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:_LONGEST_WORDS]
