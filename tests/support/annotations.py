"""A whole reply of an annotator, for models that always give the same."""

from typing import Any

GOOD_REPLY: dict[str, Any] = {
    "description": "A snarling tiger shows its sharp teeth while lying in dense green foliage.",
    "background": "in green foliage",
    "subject": "tiger",
    "attribute": "snarling",
    "objects": ["tiger", "leaves"],
    "style": "photograph",
    "setting": "outdoor",
    "scene": "jungle",
    "facial_expression": "absent",
    "human_action": "absent",
    "evidence": ["bared teeth", "fixed stare"],
    "cannot_tell": False,
    "emotion": "fear",
    "alternatives": [],
    "clarity": 8,
    "intensity": 7,
}
