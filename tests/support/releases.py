"""A data root with tables that may be released, small enough to be written by hand."""

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.support.lakes import write_rows


def _paint(number: int) -> bytes:
    held = BytesIO()
    Image.new("RGB", (40, 30), (60 * number, 0, 0)).save(held, "JPEG")
    return held.getvalue()


def _image_id(held: bytes) -> str:
    return hashlib.sha256(held).hexdigest()


# Named in the order of their ids, which is that of their rows in tables.
FILES = dict(zip("abcd", sorted(map(_paint, range(4)), key=_image_id), strict=True))
IMAGES = {name: _image_id(held) for name, held in FILES.items()}
_SPLITS = {"a": "train", "b": "train", "c": "test", "d": "train"}


def lay_release_root(root: Path, licence: str = "cc-by-4.0") -> Path:
    """Write a data root: images a, b and c of an open source, d of a closed one.

    Every image has a record, a question and an item; a pair asks about a and d.
    """
    root.mkdir(parents=True)
    (root / "release.yaml").write_text(f"licence: {licence}\n")
    for name, held in FILES.items():
        path = root / "sources" / _source(name) / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)
    write_rows(
        root,
        "sources__datasets",
        [
            {"source": name, "title": name.title(), "licence": terms, "citation": "Someone 2020"}
            | {"is_redistributable": name == "open", "homepage": "", "obtain": "", "place": ""}
            for name, terms in (("open", "CC0-1.0"), ("closed", "no redistribution"))
        ],
    )
    images = [
        {"image_id": IMAGES[name], "cluster_id": IMAGES[name], "split": _SPLITS[name]}
        | {"path": f"{name}.jpg", "source": _source(name), "sources": [_source(name)]}
        | {"width_px": 40, "height_px": 30}
        for name in IMAGES
    ]
    write_rows(root, "dedup__images", images)
    write_rows(root, "records__emoverse", [record(name) for name in IMAGES])
    write_rows(
        root, "qa__items", [*(question(name) for name in IMAGES), question("a", "d", item="pair")]
    )
    items = [
        {"item_id": f"score {name}", "task": "vad", "dimension": "valence", "split": _SPLITS[name]}
        | {"image_id": IMAGES[name], "question": "How high?", "answer": "Valence: 0.5"}
        | {"candidates": [], "target": 0.5, "source": _source(name), "semantics": "evoked"}
        for name in IMAGES
    ]
    write_rows(root, "assess__items", items)
    box = {"x1_px": 1, "y1_px": 2, "x2_px": 21, "y2_px": 12}
    regions = [box | {"image_id": IMAGES[name], "region_no": 1} for name in IMAGES]
    write_rows(root, "records__regions", regions)
    return root


def record(name: str, **changes: Any) -> dict[str, Any]:
    """Return a preserved record of an image."""
    return {
        "image_id": IMAGES[name],
        "source": _source(name),
        "split": _SPLITS[name],
        "image_path": f"sources/{_source(name)}/{name}.jpg",
        "state": "preserved",
        "emotion": "awe",
        "attribute": "calm",
        "annotator": "someone",
        "model": "model/1",
        "decided_by_people": [],
        "is_contested": False,
    } | changes


def question(*names: str, item: str = "") -> dict[str, Any]:
    """Return a question about images of one split."""
    return {
        "item_id": item or f"question {names[0]}",
        "template": "describe_image",
        "category": "description",
        "question_type": "open",
        "image_ids": [IMAGES[name] for name in names],
        "question": "What is visible? ![](x) |",
        "options": [],
        "answer": "A harbour.",
        "split": _SPLITS[names[0]],
        "sources": sorted({_source(name) for name in names}),
        "facts": json.dumps({}),
    }


def _source(name: str) -> str:
    return "closed" if name == "d" else "open"
