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
from eemo_pipeline.stages.training.jobs.vision_language.conversations import (
    build_dataset,
    read_samples,
)
from eemo_pipeline.stages.training.jobs.vision_language.tiny_model import find_base
from eemo_pipeline.stages.training.jobs.vision_language.trainer_runs import (
    TrainerRun,
    trainer_arguments,
)

_MERGED = "merged"
_PARTS = ("format", "ranking", "score", "dominant")
_EVALUATED = 32  # validation samples that are answered at the end
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
        reporter.complete(result, *base_models.list_files(folder, _MERGED))


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
    place = find_base(folder, parameters, [*train["question"], *train["answer"]])
    processor = base_models.load_processor(
        place, parameters["min_pixels"], parameters["max_pixels"]
    )
    trainer: Any = GRPOTrainer(
        model=base_models.load_model(place, parameters["precision"]),
        reward_funcs=build_reward_functions(golds),
        args=GRPOConfig(
            **trainer_arguments(parameters, folder),
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
    resumed = run.resumed_from
    trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    building = folder / f".{_MERGED}.tmp"
    shutil.rmtree(building, ignore_errors=True)
    base_models.save_model(trainer.model, building, processor)
    measures = _evaluate(
        trainer.model, processor, validation.head(_EVALUATED), folder, parameters, golds
    )
    shutil.rmtree(folder / _MERGED, ignore_errors=True)
    building.rename(folder / _MERGED)
    return measures


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


def _evaluate(
    model: Any,
    processor: Any,
    samples: pl.DataFrame,
    folder: Path,
    parameters: Mapping[str, Any],
    golds: Mapping[str, Gold],
) -> dict[str, Any]:
    """Answer every sample greedily; return the mean of each part of the reward."""
    import torch  # pyright: ignore

    model.eval()
    rewards = []
    dataset = build_dataset(samples, folder, parameters, completed=False)
    for row in dataset if samples.height else ():
        system, question = row["prompt"]
        parts = [*({"type": "image"} for _ in row["images"]),
                 {"type": "text", "text": question["content"]}]  # fmt: skip
        text = processor.apply_chat_template(
            [system, {"role": "user", "content": parts}],
            tokenize=False,
            add_generation_prompt=True,
        )
        inputs = processor(text=[text], images=row["images"], return_tensors="pt").to(model.device)
        with torch.no_grad():
            tokens = model.generate(
                **inputs, do_sample=False, max_new_tokens=parameters["max_completion_tokens"]
            )
        answer = processor.tokenizer.decode(
            tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        rewards.append(reward_completion(answer, golds[row["sample_id"]]))
    if not rewards:
        return {}
    return {
        f"validation_{part}": round(sum(getattr(r, part) for r in rewards) / len(rewards), 6)
        for part in (*_PARTS, "total")
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
