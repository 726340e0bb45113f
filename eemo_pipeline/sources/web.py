"""Images found on the web, as a governed folder: every image has a row in the manifest.

The columns of `manifest.csv` or `manifest.jsonl` are `path`, `licence`, `query`, `url`, and
`background`, `attribute`, `subject`: the triplet of the image whose query found this one. This
source downloads nothing. An image without a row, or whose row has no licence, is ignored.
"""

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.manifests import MANIFESTS, read_manifest
from eemo_pipeline.sources import SourceDataset

_TRIPLET = ("background", "attribute", "subject")
_FACTS = {
    "query": ("query",),
    "url": ("url",),
    **{part: (part, f"parent_{part}") for part in _TRIPLET},
}


def read(listing: Listing) -> SourceTables:
    """Return one record and one annotation without labels per licensed image of the manifest."""
    return read_manifest(listing, _FACTS, {"parent_triplet": _TRIPLET})


SOURCE = SourceDataset(
    name="web",
    title="Web images with a manifest",
    licence="per image, as the manifest states",
    is_redistributable=False,
    is_licensed_per_picture=True,
    homepage="",
    citation="",
    label_space="none",
    semantics="none",
    expected_files=None,
    obtain=(
        "Put the images you have the right to use into the folder, with a manifest.csv or "
        "manifest.jsonl: path, licence, query, url, background, attribute, subject"
    ),
    read=read,
    needs=("|".join(MANIFESTS),),
)
