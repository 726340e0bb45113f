"""The rules that a published file must keep, seen through its consumer's eyes.

Belongs here: the rules, which all formats share. Does not belong here: reading a format
(`exports/<format>.py`) or writing one.

Trainers stop, or train on the wrong thing in silence, where these rules are broken: as many
picture marks in the question as pictures, files that are there, turns that alternate, an answer
for every entry, a letter that names an option, identifiers that differ.
"""

from pathlib import Path, PurePosixPath

import polars as pl

MARK = "<image>"
# What a consumer sees of one entry. A column is null where the format has nothing of the kind.
SEEN = pl.Schema(
    {
        "item_id": pl.String,
        "images": pl.List(pl.String),
        "prompt": pl.String,  # the user's words with the picture marks
        "answer": pl.String,
        "roles": pl.List(pl.String),  # user and assistant, in order
        "answer_letter": pl.String,
        "options": pl.List(pl.String),
    }
)
_TURNS = ["user", "assistant"]
_LETTERS = "ABCD"


def as_seen(entries: pl.DataFrame) -> pl.DataFrame:
    """A frame of SEEN; what the format has nothing of is null."""
    return entries.select(
        (pl.col(name) if name in entries.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SEEN.items()
    )


def broken_rules(
    seen: pl.DataFrame, row_count: int, images: pl.DataFrame, root: Path
) -> pl.DataFrame:
    """item_id, rule and detail: one row per entry and rule that it breaks.

    Rules: `marks_differ` (marks in the question and pictures differ in number),
    `mark_in_answer`, `roles_do_not_alternate`, `answer_empty`, `question_empty`,
    `letter_without_option`, `item_repeated`, `picture_outside` (an absolute path, or one that
    leaves the data root), `picture_missing`, `picture_changed` (its size is not that of the file
    that was decoded when it was taken in), and for the file, with an empty item_id,
    `entries_lost`.

    Args:
        seen: the entries, a frame of SEEN.
        row_count: entries that were written.
        images: image (path relative to root) and size_bytes of every picture.
        root: the data root.
    """
    marks = pl.col("prompt").str.count_matches(MARK, literal=True)
    pictures = pl.col("images").list.len()
    place = pl.col("answer_letter").replace_strict(
        list(_LETTERS), range(len(_LETTERS)), default=None, return_dtype=pl.Int64
    )
    named = pl.col("options").list.get(place, null_on_oob=True)
    rules = {
        "marks_differ": (marks != pictures, pl.format("{} marks, {} pictures", marks, pictures)),
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


def _picture_rules(seen: pl.DataFrame, images: pl.DataFrame, root: Path) -> pl.DataFrame:
    named = pl.col("images").list.eval(pl.element().fill_null("unknown picture"))
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
    """The rule that a picture breaks.

    Its file was decoded when it was taken in, and is named by the hash of its bytes: the same
    size says that it is still that file without reading a hundred thousand pictures again.
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
    """At most a line's worth of what was found."""
    expression = pl.col(detail) if isinstance(detail, str) else detail
    return expression.fill_null("").str.slice(0, 120)
