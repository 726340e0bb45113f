"""Compares the served program with the authors' own functions; runs in their environment.

    python native_oracle.py DETECTOR SEGMENTER

Prints one JSON object: the largest difference of boxes (shares of the image) and of scores from
`predict`, and the share of mask pixels and the difference of predicted IoU from `SamPredictor`.
"""

import json
import sys
from pathlib import Path


def compare(detector: Path, segmenter: Path) -> dict[str, float]:
    """Return the differences on one image that neither side has to scale."""
    import numpy as np
    import torch  # pyright: ignore[reportMissingImports]
    from groundingdino.util.inference import predict  # pyright: ignore[reportMissingImports]
    from PIL import Image
    from segment_anything import SamPredictor  # pyright: ignore[reportMissingImports]

    sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "child_models"))
    import groundingdino_native as native  # pyright: ignore[reportMissingImports]
    from grounding_lines import Shown  # pyright: ignore[reportMissingImports]

    pixels = np.random.default_rng(1).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    models = native.NativeModels(detector, segmenter)
    ours = models.detect([Shown(image, ("old dog",), 0.0, 0.0, 0.9)], ["old dog"])[0]
    mean, deviation = (torch.tensor(v)[:, None, None] for v in (native._MEAN, native._DEVIATION))
    shown = (torch.from_numpy(pixels).permute(2, 0, 1) / 255 - mean) / deviation
    boxes, scores, _ = predict(models.detector, shown, "old dog", 0.0, 0.0, "cpu")
    half = boxes[:, 2:] / 2
    theirs = torch.cat([boxes[:, :2] - half, boxes[:, :2] + half], dim=1)
    found = torch.tensor([box for box, _ in ours]) / torch.tensor([128, 96, 128, 96])
    ((mask, score),) = models.segment([image], [[[10.0, 20.0, 90.0, 80.0]]])[0]
    predictor = SamPredictor(models.segmenter)
    predictor.set_image(pixels)
    masks, ious, _ = predictor.predict(box=np.array([10, 20, 90, 80]), multimask_output=True)
    best = int(ious.argmax())
    return {
        "boxes": float((found - theirs).abs().max()),
        "scores": float((torch.tensor([s for _, s in ours]) - scores).abs().max()),
        "mask": float((masks[best] != mask).mean()),
        "iou": abs(float(ious[best]) - score),
    }


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr
    found = compare(Path(sys.argv[1]), Path(sys.argv[2]))
    answers.write(json.dumps(found) + "\n")
