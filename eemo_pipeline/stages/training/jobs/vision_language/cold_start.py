"""The cold start of GRPO: supervised steps on true answers, for a model that keeps no form yet.

A model that never keeps the form of an answer gets the same reward, 0, for every completion, and so
no gradient. DeepSeek-R1 (arXiv 2501.12948, section 2.3) therefore fine-tunes on a few answers in
that form before it samples. EEmo-Logic starts from an instructed model and needs none.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from eemo_pipeline.stages.training.jobs.vision_language import base_models
from eemo_pipeline.stages.training.jobs.vision_language.conversations import build_dataset

COLD_START = "cold_start"
# One fixed sentence stands for the reasoning: it teaches the form and nothing else.
FORM = "<think>I look at the image.</think><answer>{}</answer>"


def start_cold(
    place: str, train: pl.DataFrame, parameters: Mapping[str, Any], shared: Mapping[str, Any]
) -> str:
    """Return where the model is that sampling starts from: the base itself without a cold start.

    All parameters are trained, at a constant rate. A finished cold start is not repeated.

    Args:
        place: the base model.
        train: the samples, with question and answer.
        parameters: the recipe, with cold_start_steps and cold_start_rate.
        shared: the result of `trainer_arguments`; its output_dir is the folder of checkpoints.
    """
    from trl import SFTConfig, SFTTrainer  # pyright: ignore

    folder = Path(shared["output_dir"]).parent
    ready = folder / COLD_START
    if not parameters["cold_start_steps"]:
        return place
    if ready.is_dir():
        return str(ready)
    processor = base_models.load_processor(
        place, parameters["min_pixels"], parameters["max_pixels"]
    )
    answered = train.with_columns(pl.format(FORM, "answer").alias("answer"))
    notes = folder / f".{COLD_START}.notes.tmp"
    changed = {
        "output_dir": str(notes),
        "learning_rate": parameters["cold_start_rate"],
        "lr_scheduler_type": "constant",
        "warmup_steps": 0,
        "max_steps": parameters["cold_start_steps"],
        "save_strategy": "no",
    }
    trainer: Any = SFTTrainer(
        model=base_models.load_model(place, parameters["precision"]),
        args=SFTConfig(**{**shared, **changed}, max_length=None),
        train_dataset=build_dataset(answered, folder, parameters, completed=True),
        processing_class=processor,
    )
    trainer.train()
    building = folder / f".{COLD_START}.tmp"
    shutil.rmtree(building, ignore_errors=True)
    base_models.save_model(trainer.model, building, processor)
    building.rename(ready)
    shutil.rmtree(notes, ignore_errors=True)
    return str(ready)
