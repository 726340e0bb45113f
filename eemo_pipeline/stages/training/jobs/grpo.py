"""Group relative policy optimisation on the Assess items: `python -m ...jobs.grpo FOLDER`.

TRL's GRPOTrainer (Shao et al. 2024, arXiv 2402.03300) on prompts with images, all parameters, from
a merged checkpoint. The rewards are those of `eemo_pipeline/emotion/rewards.py`, one function per
part, so that each is logged. Completions are sampled in the process, by vLLM in it, or by
`vllm serve` elsewhere.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eemo_pipeline.emotion.rewards import Gold, Reward, build_gold, reward_completion
from eemo_pipeline.emotion.similarity import RewardMatrix
from eemo_pipeline.stages.training.job_failures import explain_failures
from eemo_pipeline.stages.training.job_reporting import Reporter, resume_job
from eemo_pipeline.stages.training.jobs.vision_language import base_models
from eemo_pipeline.stages.training.jobs.vision_language.cold_start import start_cold
from eemo_pipeline.stages.training.jobs.vision_language.conversations import (
    build_dataset,
    read_samples,
)
from eemo_pipeline.stages.training.jobs.vision_language.tiny_model import find_base
from eemo_pipeline.stages.training.jobs.vision_language.trainer_runs import (
    TrainerRun,
    trainer_arguments,
)

_MERGED, COMPLETIONS = "merged", "completions.parquet"
_PARTS = ("format", "ranking", "score", "dominant")
_EVALUATED = 32  # validation samples that are answered at the end
_DECIMALS = 6
_COMPLETION_SCHEMA = pl.Schema(
    [
        *((name, pl.String) for name in ("sample_id", "task", "answer", "completion")),
        *((part, pl.Float64) for part in (*_PARTS, "total")),
    ]
)
_RewardFunction = Callable[..., Any]  # TRL calls them with columns as lists, by name


def main(folder: Path) -> None:
    """Run the job that `folder` describes.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
        JobFailed: the training cannot go on; the message says why.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with resume_job(folder) as reporter:
        run = TrainerRun(reporter)
        with explain_failures(reporter.job["parameters"], folder):
            run.start()
            measures = _train(reporter, run)
        result = {
            "status": "ok",
            "train_count": read_samples(folder, "train").height,
            "test_count": read_samples(folder, "validation").height,
            **run.summarise(),
            "measures": measures,
        }
        weights, files = base_models.list_files(folder, _MERGED)
        reporter.complete(result, weights, (*files, COMPLETIONS))


def read_golds(samples: pl.DataFrame, matrices: pl.DataFrame) -> dict[str, Gold]:
    """Return sample_id -> what its completions are judged by.

    Args:
        samples: with task, dimension, answer, target and candidates.
        matrices: key, labels and values (row by row) of each label set.
    """
    by_key = {
        row["key"]: RewardMatrix(
            tuple(row["labels"]), np.array(row["values"]).reshape(len(row["labels"]), -1)
        )
        for row in matrices.iter_rows(named=True)
    }
    return {
        row["sample_id"]: build_gold(
            row["task"], row["dimension"], row["answer"], row["target"], row["candidates"], by_key
        )
        for row in samples.iter_rows(named=True)
    }


def build_reward_functions(golds: Mapping[str, Gold]) -> list[Any]:
    """Return one function per part of the reward, as TRL calls them."""
    return [_build_reward_function(part, golds) for part in _PARTS]


def _build_reward_function(part: str, golds: Mapping[str, Gold]) -> _RewardFunction:
    def reward(completions: list[Any], sample_id: list[str], **_: Any) -> list[float]:
        return [
            getattr(_judge(completion, golds[key]), part)
            for completion, key in zip(completions, sample_id, strict=True)
        ]

    reward.__name__ = part
    return reward


def _judge(completion: Any, gold: Gold) -> Reward:
    text = completion if isinstance(completion, str) else str(completion[0]["content"])
    return reward_completion(text, gold)


def _train(reporter: Reporter, run: TrainerRun) -> dict[str, Any]:
    """Train and save; return the rewards of greedy answers to validation samples."""
    from transformers import set_seed  # pyright: ignore
    from trl import GRPOConfig, GRPOTrainer  # pyright: ignore

    folder, parameters = reporter.folder, reporter.job["parameters"]
    train, validation = (read_samples(folder, name) for name in ("train", "validation"))
    golds = read_golds(pl.concat([train, validation]), read_samples(folder, "matrices"))
    set_seed(parameters["seed"])
    arguments = trainer_arguments(parameters, folder)
    base = find_base(folder, parameters, [*train["question"], *train["answer"]])
    place = start_cold(base, train, parameters, arguments)
    set_seed(parameters["seed"])  # as if the cold start had been made by an earlier attempt
    processor = base_models.load_processor(
        place, parameters["min_pixels"], parameters["max_pixels"]
    )
    # The trainer loads a checkpoint by the names of parameters in memory, and those on disk differ:
    # it would go on from the first weights. The reference stays the model that sampling began from.
    resumed = str(run.resumed_from) if run.resumed_from else None
    model = base_models.load_model(resumed or place, parameters["precision"])
    model.config._name_or_path = place
    trainer: Any = GRPOTrainer(
        model=model,
        reward_funcs=build_reward_functions(golds),
        args=GRPOConfig(
            **arguments,
            num_generations=parameters["generations"],
            beta=parameters["kl_weight"],
            temperature=parameters["temperature"],
            max_completion_length=parameters["max_completion_tokens"],
            reward_weights=[parameters["format_weight"], 1.0, 1.0, 1.0],
            **_sampling(parameters),
        ),
        train_dataset=build_dataset(train, folder, parameters, completed=False),
        processing_class=processor,
        callbacks=[run.callback()],
    )
    trainer.train(resume_from_checkpoint=resumed)
    building = folder / f".{_MERGED}.tmp"
    shutil.rmtree(building, ignore_errors=True)
    base_models.save_model(trainer.model, building, processor)
    answers = _answer(
        trainer.model, processor, validation.head(_EVALUATED), folder, parameters, golds
    )
    answers.write_parquet(folder / COMPLETIONS, compression="zstd")
    shutil.rmtree(folder / _MERGED, ignore_errors=True)
    building.rename(folder / _MERGED)
    means = answers.select(pl.col(*_PARTS, "total").mean().round(_DECIMALS)).row(0, named=True)
    return {f"validation_{part}": mean for part, mean in means.items() if mean is not None}


def _sampling(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that say where completions are sampled."""
    mode = parameters["vllm"]
    if mode == "off":
        return {}
    if mode == "server":
        return {
            "use_vllm": True,
            "vllm_mode": "server",
            "vllm_server_base_url": parameters["vllm_server_url"],
        }
    return {"use_vllm": True, "vllm_mode": "colocate", "vllm_gpu_memory_utilization": 0.3}


def _answer(
    model: Any,
    processor: Any,
    samples: pl.DataFrame,
    folder: Path,
    parameters: Mapping[str, Any],
    golds: Mapping[str, Gold],
) -> pl.DataFrame:
    """Answer every sample greedily; return its truth, its completion and its rewards."""
    import torch  # pyright: ignore

    model.eval()
    rows = []
    dataset = build_dataset(samples, folder, parameters, completed=False)
    for row in dataset if samples.height else ():
        system, question = row["prompt"]
        shown = [*({"type": "image"} for _ in row["images"]),
                 {"type": "text", "text": question["content"]}]  # fmt: skip
        text = processor.apply_chat_template(
            [system, {"role": "user", "content": shown}],
            tokenize=False,
            add_generation_prompt=True,
        )
        inputs = processor(text=[text], images=row["images"], return_tensors="pt").to(model.device)
        with torch.no_grad():
            tokens = model.generate(
                **inputs, do_sample=False, max_new_tokens=parameters["max_completion_tokens"]
            )
        completion = processor.tokenizer.decode(
            tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        reward = reward_completion(completion, golds[row["sample_id"]])
        parts = [getattr(reward, part) for part in (*_PARTS, "total")]
        rows.append((row["sample_id"], row["task"], row["answer"], completion, *parts))
    return pl.DataFrame(rows, schema=_COMPLETION_SCHEMA, orient="row")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
