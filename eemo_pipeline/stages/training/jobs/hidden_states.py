"""Hidden states of a frozen model for images: `python -m ...jobs.hidden_states FOLDER`.

For every image the states of the last layers over all tokens of the image and a fixed prompt are
written as `states/<image_id>.safetensors`: `states` of shape (layers, tokens, width). The prompt
holds no label, so no label reaches an embedding. A killed job goes on after the last whole file.
"""

import os
import sys
from pathlib import Path
from typing import Any

from eemo_pipeline.stages.training.job_failures import explain_failures
from eemo_pipeline.stages.training.job_folder import encode_json
from eemo_pipeline.stages.training.job_reporting import Reporter, open_job
from eemo_pipeline.stages.training.jobs.vision_language import base_models
from eemo_pipeline.stages.training.jobs.vision_language.conversations import (
    open_image,
    read_samples,
)
from eemo_pipeline.stages.training.jobs.vision_language.tiny_model import find_base

STATES = "states"
INDEX = "states.json"
_REPORTED = 50  # images between two reports


def main(folder: Path) -> None:
    """Run the job that `folder` describes.

    Raises:
        IncompleteRun: the folder holds no job, or its inputs were altered.
        JobFailed: the job cannot go on; the message says why.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with open_job(folder) as reporter:
        with explain_failures(reporter.job["parameters"], folder):
            base_models.require_gpus(reporter.job)
            tokens = _compute(reporter)
        result = {"status": "ok", "train_count": len(tokens), "test_count": 0}
        reporter.finish(result, INDEX, encode_json({"tokens": tokens}))


def _compute(reporter: Reporter) -> dict[str, int]:
    """Write the missing files; return image_id -> number of tokens."""
    import torch  # pyright: ignore
    from safetensors.torch import safe_open, save_file  # pyright: ignore

    folder, parameters = reporter.folder, reporter.job["parameters"]
    (folder / STATES).mkdir(exist_ok=True)
    image_ids = read_samples(folder, "samples")["image_id"].to_list()
    place = find_base(folder, parameters, [parameters["prompt"]])
    model = base_models.load_model(place, parameters["precision"]).eval()
    processor = base_models.load_processor(
        place, parameters["min_pixels"], parameters["max_pixels"]
    )
    if not torch.cuda.is_available():
        torch.set_num_threads(1)  # the order of sums does not depend on the number of cores
    tokens = {}
    for number, image_id in enumerate(image_ids, 1):
        path = folder / STATES / f"{image_id}.safetensors"
        if not path.is_file():
            image = open_image(folder / "images" / image_id, parameters["max_pixels"])
            states = _states_of(model, processor, image, parameters)
            temporary = path.with_name(f".{path.name}.tmp")
            save_file({"states": states}, temporary)
            temporary.replace(path)
        with safe_open(path, "pt") as file:
            tokens[image_id] = int(file.get_slice("states").get_shape()[1])
        if number % _REPORTED == 0 or number == len(image_ids):
            reporter.report_progress({"step": number, "steps": len(image_ids)})
    return tokens


def _states_of(model: Any, processor: Any, image: Any, parameters: Any) -> Any:
    """Return the states of the last layers, shape (layers, tokens, width), on the processor."""
    import torch  # pyright: ignore

    turn = {
        "role": "user",
        "content": [{"type": "image"}, {"type": "text", "text": parameters["prompt"]}],
    }
    text = processor.apply_chat_template([turn], tokenize=False, add_generation_prompt=True)
    inputs = processor(text=[text], images=[image], return_tensors="pt").to(model.device)
    with torch.no_grad():
        states = model(**inputs, output_hidden_states=True, use_cache=False).hidden_states
    return torch.cat(states[-parameters["layers"] :]).contiguous().cpu()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
