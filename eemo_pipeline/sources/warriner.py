"""Warriner: valence, arousal and dominance of 13,915 English lemmas (Warriner et al. 2013).

Reads the table of 65 columns, whose first heading is empty: a number, `Word`, then mean, standard
deviation and number of raters of valence, arousal and dominance, over all raters and over six
groups of them. The values over all raters are read, on 1..9. TRUE, FALSE and null are words.
"""

import polars as pl

from eemo_pipeline.readers.contract import Listing, SourceTables
from eemo_pipeline.readers.finding import find_documents
from eemo_pipeline.readers.lexicons import conclude_words
from eemo_pipeline.readers.row_checks import (
    judge,
    number,
    number_checks,
    presence_checks,
    repetition_check,
    shape_checks,
)
from eemo_pipeline.readers.tables import read_annotation_file, stack_rows
from eemo_pipeline.sources import Download, SourceDataset

_SCALE = (1.0, 9.0)
_WIDEST_SD = 8.0  # no sample on 1..9 can spread further
_RATINGS = ("valence", "arousal", "dominance")
_DEVIATIONS = ("valence_sd", "arousal_sd")
_NEEDED = {
    "word": ("word",),
    "valence": ("v.mean.sum",),
    "arousal": ("a.mean.sum",),
    "dominance": ("d.mean.sum",),
}
_OPTIONAL = {"valence_sd": ("v.sd.sum",), "arousal_sd": ("a.sd.sum",)}


def read(listing: Listing) -> SourceTables:
    """Return one word per row; of a repeated word, the first row."""
    documents = find_documents(listing)
    tables = [
        path for path in listing.paths if path.casefold().endswith(".csv") and path not in documents
    ]
    files = [read_annotation_file(listing, path, ",;\t") for path in tables]
    rows = stack_rows(files, _NEEDED, _OPTIONAL, (*_RATINGS, *_DEVIATIONS)).with_columns(
        pl.col("word").str.strip_chars()
    )
    judged = judge(
        rows,
        [
            *shape_checks(),
            *presence_checks("word", *_RATINGS),
            *(check for name in _RATINGS for check in number_checks(name, *_SCALE)),
            *(check for name in _DEVIATIONS for check in number_checks(name, 0.0, _WIDEST_SD)),
            repetition_check("word"),
        ],
    )
    return conclude_words(
        judged.with_columns(
            *(number(name).alias(f"native_{name}") for name in (*_RATINGS, *_DEVIATIONS)),
            pl.lit(_SCALE[0]).alias("scale_min"),
            pl.lit(_SCALE[1]).alias("scale_max"),
        ),
        (*tables, *documents),
    )


SOURCE = SourceDataset(
    name="warriner",
    title="Norms of valence, arousal, and dominance for 13,915 English lemmas",
    licence="CC-BY-NC-ND-3.0",
    is_redistributable=False,
    homepage="https://github.com/JULIELab/XANEW",
    citation="Warriner, Kuperman and Brysbaert 2013, Behavior Research Methods 45, 1191-1207",
    label_space="none",
    semantics="none",
    expected_files=0,
    obtain="Take Ratings_Warriner_et_al.csv from the repository on the homepage",
    read=read,
    role="lexicon",
    expected_records=13915,
    downloads=(
        Download(
            url="https://raw.githubusercontent.com/JULIELab/XANEW/"
            "8b6e40a1fc17ab5d9f7ad9a1aa817be3075f7a20/Ratings_Warriner_et_al.csv",
            name="Ratings_Warriner_et_al.csv",
        ),
    ),
    needs=("*.csv",),
)
