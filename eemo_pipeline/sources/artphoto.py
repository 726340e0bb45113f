"""ArtPhoto: 806 art photographs by their artists' intended emotion (Machajdik and Hanbury 2010).

Reads `testImages_artphoto/<label>_<number>.jpg`. There is no annotation file: the label is the
file's name up to the first underscore. Numbers repeat across labels, so the whole name is the
identifier. The set spells sadness "sad".
"""

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents
from eemo_pipeline.readers.path_labels import conclude_placed, place_files
from eemo_pipeline.sources import SourceDataset


def read(listing: Listing) -> SourceTables:
    """Return one record per file, and one annotation where its name begins with a label."""
    known = frozenset(find_documents(listing))
    placed = place_files(listing, known).with_columns(
        pl.col("file").alias("record_id"),
        pl.col("file").str.extract(r"^([^_]*)_").alias("label"),
        pl.lit("file name").alias("annotator_id"),
    )
    return conclude_placed(placed, known, "mikels8", "evoked")


SOURCE = SourceDataset(
    name="artphoto",
    title="ArtPhoto: art photographs",
    licence="none stated; research use by convention, no redistribution",
    is_redistributable=False,
    homepage="https://www.imageemotion.org",
    citation="Machajdik and Hanbury 2010, ACM Multimedia, 83-92",
    label_space="mikels8",
    semantics="evoked",
    expected_files=806,
    expected_records=806,
    obtain="Download the ArtPhoto images from the homepage, unpack and keep the files' names",
    role="evaluation",
    read=read,
)
