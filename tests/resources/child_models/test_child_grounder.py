"""A grounder's process that dies, hangs or floods its output, with the loop of the real programs.

The models are stand-ins that start at once; those of `test_dino_sam.py` are real.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from eemo_pipeline.lake.parquet import file_sha256
from eemo_pipeline.ledger.answering import Inquiry, answer_all
from eemo_pipeline.ledger.store import Ask, Ledger
from eemo_pipeline.roles.grounder import ROLE, STAGE, GrounderDescription, GroundingRequest
from resources.child_models import child_grounder
from resources.child_models.child_grounder import ChildGrounder
from resources.child_models.child_process import Patience

SERVED = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from grounding_lines import mask_size, serve

class Models:
    def detect(self, shown, phrases):
        day = next((phrase for phrase in phrases if phrase in ("die", "hang", "flood")), "")
        if day == "die": os._exit(3)
        if day == "hang": time.sleep(600)
        if day == "flood": print("x" * 1_000_000, flush=True)
        found = [([1.0, 1.0, 9.0, 9.0], 0.9), ([1.0, 1.0, 9.0, 8.0], 0.8)]
        return [[] if phrase == "nothing" else found for phrase in phrases]

    def segment(self, images, boxes):
        import numpy as np
        mask = np.zeros(mask_size(*images[0].size[::-1]), dtype=bool)
        mask[2:7, 2:7] = True
        return [[(mask, float("nan")) for _ in own] for own in boxes]

serve(Models())
"""


def paint(folder: Path, number: int, *phrases: str) -> GroundingRequest:
    path = folder / f"{number}.png"
    Image.fromarray(np.full((10, 10, 3), 20 * number, dtype=np.uint8)).save(path)
    return GroundingRequest(file_sha256(path), path, phrases)


def test_a_child_that_hangs_dies_or_floods_costs_its_image_alone(tmp_path: Path) -> None:
    program = Path(child_grounder.__file__).parent
    command = (sys.executable, "-c", SERVED, str(program))
    described = GrounderDescription("a", "b", "c", "d")
    grounder = ChildGrounder(described, command, patience=Patience(8, 2), batch=4)
    days = ["fine", "die", "fine", "hang", "fine", "flood", "fine", "nothing"]
    requests = [paint(tmp_path, number, day) for number, day in enumerate(days)]
    requests.append(paint(tmp_path, 9, "nothing", "fine"))
    asks = [Ask(one.image_id, one, dict(grounder.parameters(one))) for one in requests]
    ledger = Ledger(tmp_path / "ledger.sqlite")
    inquiry = Inquiry(ROLE, described.model, asks, grounder.perform, STAGE)
    values = answer_all(ledger, inquiry).values
    again = answer_all(ledger, inquiry)
    ledger.close()
    assert [answer.get("reason", "ok") for answer in values] == [
        *("ok", "grounder_crashed", "ok", "timed_out", "ok", "garbage", "ok"),
        *("nothing_found", "ok"),
    ]
    # Only what failed is asked again.
    assert again.work.asked == 3
    assert values[-1]["phrase"] == "fine"
    (region,) = values[0]["regions"]  # the second box overlaps the first
    assert (region["score"], region["mask_score"], region["mask_share"]) == (0.9, None, 0.25)
