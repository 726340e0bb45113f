"""FI: some 23,000 Flickr and Instagram images in eight folders of emotions (You et al. 2016).

Reads `<emotion>/<file>.jpg`, and flattened copies, `<emotion>_<number>.jpg`. There is no annotation
file: the label is the folder, else the file's name up to the first underscore. Copies contain
placeholder images for photos that are no longer available. They are records here, because only
their pixels distinguish them; the same file under several labels is one image.
"""

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents
from eemo_pipeline.readers.path_labels import conclude_placed, place_files
from eemo_pipeline.readers.row_checks import known_label
from eemo_pipeline.sources import SourceDataset

_LABEL_SPACE = "mikels8"


def read(listing: Listing) -> SourceTables:
    """Return one record per file, and one annotation where its folder or its name is a label."""
    known = frozenset(find_documents(listing))
    is_folder = known_label(pl.col("folder"), _LABEL_SPACE).fill_null(value=False)
    prefix = pl.col("file").str.extract(r"^([^_]+)_")
    placed = place_files(listing, known).with_columns(
        pl.when(is_folder)
        .then(pl.concat_str("folder", "file", separator="/"))
        .otherwise("file")
        .alias("record_id"),
        pl.when(is_folder).then("folder").otherwise(prefix).alias("label"),
        pl.when(is_folder)
        .then(pl.lit("folder"))
        .otherwise(pl.lit("file name"))
        .alias("annotator_id"),
    )
    return conclude_placed(placed, known, _LABEL_SPACE, "evoked")


SOURCE = SourceDataset(
    name="fi",
    title="FI: Flickr and Instagram, a large-scale dataset for image emotion recognition",
    licence="on request to the author; no redistribution",
    is_redistributable=False,
    homepage="",
    citation="You, Luo, Jin and Yang 2016, AAAI, 308-314",
    label_space=_LABEL_SPACE,
    semantics="evoked",
    # The paper's count; 23,185 were obtainable later, so the number of records is disputed.
    expected_files=23308,
    obtain="Request the images from the author; one folder per emotion",
    read=read,
)
