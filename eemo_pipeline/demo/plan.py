"""The list of images in the demo lake and the place of each.

It is computed from the seed without painting anything. The bytes come from `pictures.py`, the
annotation files from `tables.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from eemo_pipeline.demo.affect import AFFECTS, Affect
from eemo_pipeline.demo.photographs import PHOTOGRAPHS
from eemo_pipeline.demo.pictures import PAINTERS, Recipe
from eemo_pipeline.stats.hash_draws import short_hash, unit_interval

_SCENES_PER_FAMILY = 13
_AWKWARD_NUMBER = 100  # scenes included for their file format start here
_DATASETS = ("affection", "emotic", "emotion6", "oasis")
_WITHOUT_PEOPLE = ("affection", "emotion6", "oasis")
_EMOTIC_FOLDERS = ("ade20k", "emodb_small", "framesdb", "mscoco")
_EMOTION6_FOLDERS = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
_AFFECTION_FOLDERS = (
    "coco_affective", "emotional_machines_affective", "flickr30k_affective",
    "visual_genome_affective", "you_aaai_affective",
)  # fmt: skip
_NEAR = ("recompressed", "shrunk", "cropped", "brightened")
_NEAR_COUNT = 20
_COPY_COUNT = 8
_BLANK_COUNT = 12

# Alteration of a scene, its family, the dataset, the extension.
_AWKWARD = (
    ("cmyk", "calm_lake", "emotion6", "jpg"),
    ("rotated", "snowy_mountain", "emotic", "jpg"),
    ("palette", "balloons", "affection", "png"),
    ("animated", "fireworks", "affection", "gif"),
    ("deep", "lone_tree", "affection", "png"),
    ("truncated", "city_night", "emotic", "jpg"),
)
# Kind of a file that is not an image, the dataset, the extension, the code it is refused with.
_BROKEN = (
    ("bomb", "affection", "png", "too_many_pixels"),
    ("html", "affection", "jpg", "not_a_picture"),
    ("text", "emotion6", "jpg", "not_a_picture"),
    ("empty", "oasis", "jpg", "empty_file"),
)
BROKEN_REASONS = {"truncated": "truncated", **{kind: reason for kind, _, _, reason in _BROKEN}}


@dataclass(frozen=True)
class Placed:
    """An image in its place.

    Attributes:
        recipe: how it is made.
        dataset: the source it belongs to.
        name: its name in the dataset's table.
        path: the file, relative to the folder of the sources.
        key: the seed of its annotations.
        affect: its profile.
        twin: the path of the image it is a copy or a near-duplicate of.
        is_listed: whether the dataset's table names it.
    """

    recipe: Recipe
    dataset: str
    name: str
    path: str
    key: str
    affect: Affect
    twin: str = ""
    is_listed: bool = True


@lru_cache(maxsize=4)
def plan_lake(seed: int) -> tuple[Placed, ...]:
    """Return every image file of the lake, in a fixed order."""
    namer = _Namer(seed)
    placed = [namer.place(recipe, dataset) for recipe, dataset in _main_recipes()]
    originals = [item for item in placed if item.recipe.kind in {"scene", "photograph"}]
    step = len(originals) // (_NEAR_COUNT + _COPY_COUNT)
    for i in range(_NEAR_COUNT + _COPY_COUNT):
        original = originals[i * step]
        others = [name for name in _WITHOUT_PEOPLE if name != original.dataset]
        alteration = _NEAR[i % len(_NEAR)] if i < _NEAR_COUNT else "none"
        recipe = replace(original.recipe, alteration=alteration)
        placed.append(replace(namer.place(recipe, others[i % len(others)]), twin=original.path))
    for number in range(_BLANK_COUNT):
        dataset = _WITHOUT_PEOPLE[number % len(_WITHOUT_PEOPLE)]
        placed.append(namer.place(Recipe("blank", "blank", number), dataset))
    for i, (alteration, family, dataset, suffix) in enumerate(_AWKWARD):
        people = int(dataset == "emotic")
        recipe = Recipe("scene", family, _AWKWARD_NUMBER + i, people, alteration)
        placed.append(namer.place(recipe, dataset, suffix))
    for i, (kind, dataset, suffix, _) in enumerate(_BROKEN):
        placed.append(namer.place(Recipe(kind, "blank", i), dataset, suffix))
    for i, dataset in enumerate(("emotion6", "oasis")):
        stray = namer.place(Recipe("scene", "calm_lake", _AWKWARD_NUMBER + 50 + i), dataset)
        placed.append(replace(stray, is_listed=False))
    return tuple(placed)


def _main_recipes() -> Iterator[tuple[Recipe, str]]:
    for i, family in enumerate(sorted(PAINTERS)):
        for number in range(_SCENES_PER_FAMILY):
            dataset = _DATASETS[(i + number) % len(_DATASETS)]
            people = 1 + (i + number) // len(_DATASETS) % 3 if dataset == "emotic" else 0
            yield Recipe("scene", family, number, people), dataset
    for i, photograph in enumerate(PHOTOGRAPHS):
        for part in range(len(photograph.parts)):
            dataset = _WITHOUT_PEOPLE[(i + part) % len(_WITHOUT_PEOPLE)]
            yield Recipe("photograph", photograph.name, part), dataset


def find_affect(recipe: Recipe) -> Affect:
    """Return the profile of the recipe's subject."""
    photographs = {photograph.name: photograph.affect for photograph in PHOTOGRAPHS}
    return AFFECTS[photographs.get(recipe.subject, recipe.subject)]


class _Namer:
    """Gives every image a unique name in the style of its dataset."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)
        self._counts: dict[str, int] = {}

    def place(self, recipe: Recipe, dataset: str, suffix: str = "jpg") -> Placed:
        affect = find_affect(recipe)
        key = short_hash(
            self._seed, dataset, recipe.kind, recipe.subject, str(recipe.number), recipe.alteration
        )
        if dataset == "emotic":
            folder = _EMOTIC_FOLDERS[self._count("emotic") % len(_EMOTIC_FOLDERS)]
            name = f"{folder}/images/{key}.{suffix}"
            path = f"emotic/emotic/{name}"
        elif dataset == "emotion6":
            keyword = self._keyword(affect, key)
            name = f"{keyword}/{self._count(keyword)}.{suffix}"
            path = f"emotion6/images/{name}"
        elif dataset == "oasis":
            name = f"{affect.theme} {self._count(f'oasis {affect.theme}')}"
            path = f"oasis/images/{name}.{suffix}"
        else:
            folder = _AFFECTION_FOLDERS[self._count("affection") % len(_AFFECTION_FOLDERS)]
            name = f"{folder}/{self._count(folder):06d}.{suffix}"
            path = f"affection/{name}"
        return Placed(recipe, dataset, name, path, key, affect)

    def _count(self, what: str) -> int:
        self._counts[what] = self._counts.get(what, 0) + 1
        return self._counts[what]

    def _keyword(self, affect: Affect, key: str) -> str:
        """Return a search word as folder: it is the strongest emotion in about half the cases."""
        strongest = max(affect.ekman, key=lambda emotion: affect.ekman[emotion])
        if unit_interval(key, "keyword") < 0.5:
            return strongest
        return _EMOTION6_FOLDERS[int(unit_interval(key, "folder") * len(_EMOTION6_FOLDERS))]
