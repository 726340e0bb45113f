"""The topics of people's explanations, as single words and never as quotations.

Reduces hostile free text to a few plain words.
"""

import polars as pl

from eemo_pipeline.emotion.mappings import read_mapping
from eemo_pipeline.emotion.taxonomies import canonical
from eemo_pipeline.stages.texts.text_rules import EMOTION_WORDS

KEYWORD_COUNT = 3
# Comments are cut to this length; the rest of a longer one adds no new subject.
_READ_CHARACTERS = 2000
# A comment with markup, code or addresses is not prose and is left out as a whole.
_NOT_PROSE = r"[<>{}\[\]\\`|=;\x00-\x08]|://|www\.|&#?\w+;"
_WORD = r"\b[a-z]{3,15}\b"
# Function words, and words about looking and feeling that name nothing in an image.
_STOP_WORDS = """
about above after again all almost along already also although always amount and another any
anyone anything appear appears are area around away back bad because become becomes been before
behind being below best better between big bit both but came can cannot cause causes clearly
come comes could did different does doing done down during each either else end enough even ever
every everyone everything evoke evokes far feel feeling feelings feels felt few find first for
from front full gave get gets getting give gives giving goes going good got great had has have
having her here hers high him his how however image images into its itself just keep kind know
large last least left less let like likely little long look looked looking looks lot low made
make makes making many may maybe mean might mood more most much must near need never new next
nice nor not nothing now off often old one ones only onto other others our out over own part
people person perhaps photo photograph picture pictures place probably put quite rather real
really remind reminds right said same saw say scene see seeing seem seems seen sense several
shall she should show showing shown shows since small some someone something somewhat still such
sure take taken than that the their them then there these they thing things think thinking this
those though thought through time together too toward under until upon use used using usually
very view viewer viewers want wants was way well went were what when where which while who whole
why will with within without wonder would yet you your
comment comments annotator annotators rating ratings probability dataset emotion emotions
"""


def shared_words(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return per image and Ekman emotion the words that most explanations of it share.

    A comment belongs to the first emotion that its annotation's labels map to. Words are
    lower-case English letters; function words and words for emotions are left out. They are
    ordered by frequency (each annotation counts once), then by first position, then
    alphabetically.

    Returns:
        image_id, emotion, words (at most KEYWORD_COUNT).
    """
    comments = (
        annotations.filter(
            (pl.col("comment").str.len_chars() > 0) & ~pl.col("comment").str.contains(_NOT_PROSE)
        )
        .sort("source", "record_id", "annotation_no")
        .with_row_index("annotation")
        .select("annotation", "image_id", "label_space", "native_labels", "comment")
    )
    words = (
        align_comments(comments)
        .select(
            "annotation",
            "image_id",
            "emotion",
            pl.col("comment")
            .str.slice(0, _READ_CHARACTERS)
            .str.to_lowercase()
            .str.extract_all(_WORD)
            .alias("word"),
        )
        .filter(pl.col("word").list.len() > 0)
        .explode("word")
        .with_columns(pl.int_range(pl.len()).over("annotation").alias("position"))
        .filter(~pl.col("word").is_in(sorted({*_STOP_WORDS.split(), *EMOTION_WORDS})))
        .unique(["annotation", "word"], keep="first", maintain_order=True)
    )
    return (
        words.group_by("image_id", "emotion", "word")
        .agg(pl.len().alias("count"), pl.col("position").min())
        .sort(
            ["image_id", "emotion", "count", "position", "word"],
            descending=[False, False, True, False, False],
        )
        .group_by("image_id", "emotion", maintain_order=True)
        .agg(pl.col("word").head(KEYWORD_COUNT).alias("words"))
    )


def align_comments(comments: pl.DataFrame) -> pl.DataFrame:
    """Add `emotion`: the first Ekman emotion that a label of the comment's annotation maps to.

    Args:
        comments: annotation (a number of its own per row), label_space, native_labels.
    """
    labels = (
        comments.select("annotation", "label_space", "native_labels")
        .filter(pl.col("native_labels").list.len() > 0)
        .explode("native_labels")
    )
    spellings = labels.select("label_space", "native_labels").unique().drop_nulls()
    emotions = [
        read_mapping(space, "ekman7").get(canonical(label))
        for space, label in spellings.iter_rows()
    ]
    named = (
        labels.join(
            spellings.with_columns(pl.Series("emotion", emotions, dtype=pl.String)),
            on=["label_space", "native_labels"],
            how="left",
            maintain_order="left",
        )
        .drop_nulls("emotion")
        .unique("annotation", keep="first", maintain_order=True)
        .select("annotation", "emotion")
    )
    return comments.join(named, on="annotation", maintain_order="left")
