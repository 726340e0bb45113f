"""Supervised fine-tuning with LoRA, merged into one model: `python -m ...jobs.sft FOLDER`.

TRL's SFTTrainer on prompts with images; the loss counts the completion alone. Low-rank adaptation:
Hu et al. 2022, arXiv 2106.09685. The samples are selected by `stages/training/samples.py`.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

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


def _train(reporter: Reporter, run: TrainerRun) -> dict[str, Any]:
    """Train, merge and save; return the loss on the validation samples."""
    from peft import LoraConfig  # pyright: ignore
    from transformers import set_seed  # pyright: ignore
    from trl import SFTConfig, SFTTrainer  # pyright: ignore

    folder, parameters = reporter.folder, reporter.job["parameters"]
    train, validation = (read_samples(folder, name) for name in ("train", "validation"))
    set_seed(parameters["seed"])
    place = find_base(folder, parameters, [*train["question"], *train["answer"]])
    processor = base_models.load_processor(
        place, parameters["min_pixels"], parameters["max_pixels"]
    )
    trainer: Any = SFTTrainer(
        model=base_models.load_model(place, parameters["precision"]),
        args=SFTConfig(
            **trainer_arguments(parameters, folder),
            max_length=None,  # cutting would cut image tokens; samples were judged before
            per_device_eval_batch_size=parameters["batch_size_per_device"],
        ),
        train_dataset=build_dataset(train, folder, parameters, completed=True),
        eval_dataset=build_dataset(validation, folder, parameters, completed=True)
        if validation.height
        else None,
        processing_class=processor,
        peft_config=LoraConfig(
            r=parameters["lora_rank"],
            lora_alpha=parameters["lora_alpha"],
            lora_dropout=parameters["lora_dropout"],
            bias="none",
            target_modules=base_models.LORA_SCOPES[parameters["lora_scope"]],
            modules_to_save=["merger"] if parameters["trains_merger"] else None,
            task_type="CAUSAL_LM",
        ),
        callbacks=[run.callback()],
    )
    resumed = run.resumed_from
    trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    measures = {}
    if validation.height:
        measures["validation_loss"] = round(float(trainer.evaluate()["eval_loss"]), 6)
    building = folder / f".{_MERGED}.tmp"
    shutil.rmtree(building, ignore_errors=True)
    base_models.merge_adapter(trainer.model, building, processor)
    shutil.rmtree(folder / _MERGED, ignore_errors=True)
    building.rename(folder / _MERGED)
    return measures


if __name__ == "__main__":
    main(Path(sys.argv[1]))
