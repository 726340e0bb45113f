"""Generated images, as a governed folder: every image has a row in the manifest.

The columns of `manifest.csv` or `manifest.jsonl` are `path`, `licence`, `prompt`, `generator`,
`seed`, `parent_image_id`, `replaced` (which of background, attribute and subject differ from the
parent's), `intended_emotion`, and the new `background`, `attribute`, `subject`.

The intended emotion of an image describes its origin, not the emotion that it evokes. It is kept in
the record's attributes and never becomes a label, so that people and models judge the image without
it.
"""

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.manifests import MANIFESTS, read_manifest
from eemo_pipeline.sources import SourceDataset

_TRIPLET = ("background", "attribute", "subject")
_FACTS = {
    "prompt": ("prompt",),
    "generator": ("generator", "model"),
    "seed": ("seed",),
    "parent_image_id": ("parent_image_id", "parent_id"),
    "replaced": ("replaced", "replaced_elements"),
    "intended_emotion": ("intended_emotion",),
    **{part: (part,) for part in _TRIPLET},
}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation without labels per licensed image of the manifest."""
    return read_manifest(listing, _FACTS, {"triplet": _TRIPLET})


SOURCE = SourceDataset(
    name="aigc",
    title="Generated images with a manifest",
    licence="per image, as the manifest states",
    is_redistributable=False,
    is_licensed_per_picture=True,
    homepage="",
    citation="",
    label_space="none",
    semantics="none",
    expected_files=None,
    obtain=(
        "Put generated images into the folder, with a manifest.csv or manifest.jsonl: path, "
        "licence, prompt, generator, seed, parent_image_id, replaced, intended_emotion"
    ),
    read=read,
    needs=("|".join(MANIFESTS),),
)
