"""One run of a TRL trainer in a job folder: checkpoints and progress.

A run that was killed goes on from its last whole checkpoint, and ends with the same weights as a
run that was not (on the processor; kernels of GPUs may sum in another order).
"""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eemo_pipeline.stages.training.job_failures import (
    CHECKPOINT_STATE,
    not_finite,
    remove_torn,
)
from eemo_pipeline.stages.training.job_folder import CHECKPOINTS, METRICS_FILE
from eemo_pipeline.stages.training.job_reporting import JobFailed, Reporter
from eemo_pipeline.stages.training.jobs.vision_language.base_models import require_gpus

_STAMP, _USAGE = "run_id.txt", "gpu_seconds.json"
_LAST_STEPS = 10  # whose mean is the loss of the run
_DECIMALS = 6


def trainer_arguments(parameters: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments of `transformers.TrainingArguments` that all recipes share."""
    import torch  # pyright: ignore

    has_gpu = torch.cuda.is_available()
    return {
        "output_dir": str(folder / CHECKPOINTS),
        "seed": parameters["seed"],
        "data_seed": parameters["seed"],
        "learning_rate": parameters["learning_rate"],
        "lr_scheduler_type": parameters["scheduler"],
        "warmup_steps": parameters["warmup_ratio"],  # below 1: a share of all steps
        "weight_decay": parameters["weight_decay"],
        "max_grad_norm": parameters["max_grad_norm"],
        "num_train_epochs": parameters["epochs"],
        "max_steps": parameters["max_steps"],
        "per_device_train_batch_size": parameters["batch_size_per_device"],
        "gradient_accumulation_steps": parameters["accumulation_steps"],
        "gradient_checkpointing": parameters["gradient_checkpointing"],
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "bf16": parameters["precision"] == "bf16" and has_gpu,
        "use_cpu": not has_gpu,
        "save_strategy": "steps",
        "save_steps": parameters["save_steps"],
        "save_total_limit": 2,
        "logging_steps": max(1, parameters["save_steps"] // 20),
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "dataloader_num_workers": 4 if has_gpu else 0,
    }


@dataclass
class TrainerRun:
    """The state of one attempt: where it resumes, and what it has used.

    Attributes:
        reporter: the job.
        resumed_from: the checkpoint to resume from, or None.
    """

    reporter: Reporter
    resumed_from: Path | None = None
    _began: float = field(default_factory=time.monotonic)
    _seconds_before: float = 0.0
    _tokens_before: int = 0

    def start(self) -> None:
        """Find the last whole checkpoint, and keep the progress up to it.

        Raises:
            JobFailed: the checkpoints are those of another run, or the GPU is missing.
        """
        require_gpus(self.reporter.job)
        folder, run_id = self.reporter.folder / CHECKPOINTS, self.reporter.job["run_id"]
        folder.mkdir(exist_ok=True)
        stamp = folder / _STAMP
        remove_torn(self.reporter.folder)
        whole = [
            place for place in folder.glob("checkpoint-*") if _read_json(place / CHECKPOINT_STATE)
        ]
        if whole and (not stamp.is_file() or stamp.read_text().strip() != run_id):
            raise JobFailed(
                f"{folder} holds checkpoints of another recipe or of other data, and not of run "
                f"{run_id}: remove the folder, and start the training again"
            )
        stamp.write_text(f"{run_id}\n")
        self.resumed_from = max(whole, key=_step_of, default=None)
        self.reporter.keep_progress(_step_of(self.resumed_from) if self.resumed_from else 0)
        kept = _read_lines(self.reporter.folder / METRICS_FILE)
        self._tokens_before = int(kept[-1].get("token_count", 0)) if kept else 0
        self._seconds_before = float(_read_json(folder / _USAGE).get("gpu_seconds", 0.0))

    def callback(self) -> Any:
        """Return a `TrainerCallback` that reports progress, and ends a run of infinite loss."""
        from transformers import TrainerCallback  # pyright: ignore

        run = self

        class Reports(TrainerCallback):
            """Passes the trainer's logs on."""

            def on_log(
                self,
                args: Any,  # noqa: ARG002 (the trainer passes it by name)
                state: Any,
                control: Any,  # noqa: ARG002
                logs: Any = None,
                **_: Any,
            ) -> None:
                run.report(state, logs or {})

        return Reports()

    def report(self, state: Any, logs: Mapping[str, Any]) -> None:
        """Report one log of the trainer.

        Raises:
            JobFailed: the loss is not finite.
        """
        if "loss" not in logs:
            return
        numbers = {name: float(value) for name, value in logs.items() if _is_number(value)}
        if not math.isfinite(numbers["loss"]) or not math.isfinite(numbers.get("grad_norm", 0.0)):
            what = f"the loss is {numbers['loss']} at step {state.global_step}"
            raise not_finite(what, self.reporter.job["parameters"])
        usage = self.reporter.folder / CHECKPOINTS / _USAGE
        usage.write_text(json.dumps({"gpu_seconds": self.gpu_seconds}))
        line = {
            "step": state.global_step,
            "steps": state.max_steps,
            "loss": round(numbers["loss"], _DECIMALS),
            "learning_rate": numbers.get("learning_rate"),
            "grad_norm": numbers.get("grad_norm"),
            # GRPO counts in the state, which a checkpoint keeps; SFT counts from zero on a resume.
            "token_count": int(state.num_input_tokens_seen)
            or self._tokens_before + int(numbers.get("num_tokens", 0)),
        }
        rewards = {
            name.replace("rewards/", "reward_").replace("/mean", ""): round(value, _DECIMALS)
            for name, value in numbers.items()
            if name == "reward" or (name.startswith("rewards/") and name.endswith("/mean"))
        }
        divergence = {"kl": round(numbers["kl"], _DECIMALS)} if "kl" in numbers else {}
        self.reporter.report_progress(line | rewards | divergence)

    @property
    def gpu_seconds(self) -> float:
        """Seconds times GPUs of all attempts; 0 without a GPU."""
        import torch  # pyright: ignore

        used = (time.monotonic() - self._began) * torch.cuda.device_count()
        return round(self._seconds_before + used, 1)

    def summarise(self) -> dict[str, Any]:
        """Return steps, tokens, the last loss and reward, and what was used, from the progress."""
        import torch  # pyright: ignore

        lines = _read_lines(self.reporter.folder / METRICS_FILE)
        last = lines[-_LAST_STEPS:]
        rewards = [line["reward"] for line in last if "reward" in line]
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
        return {
            "step_count": lines[-1]["step"] if lines else 0,
            "token_count": lines[-1]["token_count"] if lines else 0,
            "train_loss": _mean([line["loss"] for line in last]),
            "mean_reward": _mean(rewards),
            "device": device,
            "gpu_seconds": self.gpu_seconds,
        }


def _step_of(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _read_lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), _DECIMALS) if values else None


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float)
