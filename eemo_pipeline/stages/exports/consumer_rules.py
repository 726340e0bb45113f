"""The rules that a published file must satisfy, as its consumer sees it.

Holds the rules that all formats share. Each format is read and written by its module in
`exports/formats/`.

Trainers stop, or silently train on wrong data, if these rules are broken: as many image marks in
the question as images, existing files, alternating turns, an answer for every entry, a letter that
names an option, unique identifiers.
"""

from pathlib import Path, PurePosixPath

import polars as pl

from eemo_pipeline.emotion.taxonomies import EKMAN_7

MARK = "<image>"
# A consumer's view of one entry. A column is null if the format has no such value.
SEEN = pl.Schema(
    {
        "item_id": pl.String,
        "images": pl.List(pl.String),
        "prompt": pl.String,  # the user's text with the image marks
        "answer": pl.String,
        "roles": pl.List(pl.String),  # user and assistant, in order
        "answer_letter": pl.String,
        "options": pl.List(pl.String),
        "emotions": pl.List(pl.String),  # of a label file
        "votes": pl.List(pl.List(pl.Float64)),  # of each image, in the order of its emotions
        "means": pl.List(pl.Float64),
    }
)
_TURNS = ["user", "assistant"]
_LETTERS = "ABCD"


def as_seen(entries: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of SEEN; columns that the format lacks are null."""
    return entries.select(
        (pl.col(name) if name in entries.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SEEN.items()
    )


def broken_rules(
    seen: pl.DataFrame, row_count: int, images: pl.DataFrame, root: Path
) -> pl.DataFrame:
    """Return item_id, rule and detail: one row per entry and rule that it breaks.

    Rules: `marks_differ` (marks in the question and images differ in number),
    `mark_in_answer`, `roles_do_not_alternate`, `answer_empty`, `question_empty`,
    `letter_without_option`, `item_repeated`, `picture_outside` (an absolute path, a path that
    leaves the data root, or an unknown image), `picture_missing`, `picture_changed` (its size
    differs from that of the file decoded at ingest); of label files `emotion_unknown` (none of the
    Ekman seven), `votes_not_descending` and `mean_outside` (of 0-1); and for the file, with an
    empty item_id, `entries_lost`.

    Args:
        seen: the entries, a frame of SEEN.
        row_count: the number of entries written.
        images: image (path relative to root) and size_bytes of every image.
        root: the data root.
    """
    marks = pl.col("prompt").str.count_matches(MARK, literal=True)
    shown = pl.col("images").list.len()
    place = pl.col("answer_letter").replace_strict(
        list(_LETTERS), range(len(_LETTERS)), default=None, return_dtype=pl.Int64
    )
    named = pl.col("options").list.get(place, null_on_oob=True)
    rules = {
        "marks_differ": (marks != shown, pl.format("{} marks, {} images", marks, shown)),
        "mark_in_answer": (
            pl.col("prompt").is_not_null() & pl.col("answer").str.contains(MARK, literal=True),
            "answer",
        ),
        "roles_do_not_alternate": (pl.col("roles") != _TURNS, pl.col("roles").list.join(", ")),
        "answer_empty": (pl.col("answer").str.strip_chars() == "", pl.lit("")),
        "question_empty": (
            pl.col("prompt").str.replace_all(MARK, "", literal=True).str.strip_chars() == "",
            pl.lit(""),
        ),
        "letter_without_option": (
            pl.col("answer_letter").is_not_null() & (named.str.strip_chars().fill_null("") == ""),
            "answer_letter",
        ),
        "item_repeated": (pl.col("item_id").is_duplicated(), "item_id"),
        **_label_rules(),
    }
    found = [
        seen.filter(is_broken).select(
            "item_id", pl.lit(rule).alias("rule"), _words(detail).alias("detail")
        )
        for rule, (is_broken, detail) in rules.items()
    ]
    lost = pl.DataFrame(
        {"item_id": [""], "rule": ["entries_lost"], "detail": [f"{seen.height} of {row_count}"]}
    )
    return pl.concat(
        [
            *found,
            _picture_rules(seen, images, root),
            lost.filter(pl.lit(seen.height != row_count)),
        ]
    ).unique(maintain_order=True)


def _label_rules() -> dict[str, tuple[pl.Expr, pl.Expr]]:
    """Return the rules of label files: when each is broken, and the detail."""
    rising = pl.element().list.eval(pl.element().diff() > 0).list.any()
    return {
        "emotion_unknown": (
            ~pl.col("emotions").list.eval(pl.element().is_in(EKMAN_7)).list.all(),
            pl.col("emotions").list.join(", "),
        ),
        "votes_not_descending": (
            pl.col("votes").list.eval(rising).list.any(),
            pl.lit("emotion_list"),
        ),
        "mean_outside": (
            pl.col("means").list.eval(~pl.element().is_between(0, 1)).list.any(),
            pl.lit("Valence, Arousal or Dominance"),
        ),
    }


def _picture_rules(seen: pl.DataFrame, images: pl.DataFrame, root: Path) -> pl.DataFrame:
    named = pl.col("images").list.eval(pl.element().fill_null("unknown image"))
    shown = seen.select("item_id", named).explode("images").drop_nulls()
    paths = shown.select("images").unique().sort("images")
    sizes = dict(images.select("image", "size_bytes").iter_rows())
    judged = paths.with_columns(
        pl.Series(
            "rule",
            [_picture_rule(path, sizes.get(path), root) for path in paths["images"]],
            dtype=pl.String,
        )
    ).drop_nulls()
    return (
        shown.join(judged, on="images")
        .select("item_id", "rule", _words("images").alias("detail"))
        .sort("item_id", "rule", "detail")
    )


def _picture_rule(path: str, size_bytes: int | None, root: Path) -> str | None:
    """Return the rule that an image breaks, or None.

    The file was decoded at ingest, and its image_id is the hash of its bytes. An equal size is
    taken to mean that it is unchanged, which avoids reading a hundred thousand images again.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or size_bytes is None:
        return "picture_outside"
    try:
        size = (root / path).stat().st_size
    except OSError:
        return "picture_missing"
    return None if size == size_bytes else "picture_changed"


def _words(detail: str | pl.Expr) -> pl.Expr:
    """Return the detail as text, cut to at most one line's length."""
    expression = pl.col(detail) if isinstance(detail, str) else detail
    return expression.fill_null("").str.slice(0, 120)
