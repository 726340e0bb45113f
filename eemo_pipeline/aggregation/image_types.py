"""The visual domain of an image in EmoVerse's sense: Artistic, Social or Nature, with its origin.

EmoVerse (arXiv 2511.12554, figure 1) shows the three and prints no rule. What the image's source
says counts first; else the style, the people and the place that an annotator saw. Where neither
says enough, the type is unknown: an object on a table belongs to none of the three for certain.
"""

import polars as pl

ARTISTIC, SOCIAL, NATURE = "Artistic", "Social", "Nature"
# Words of sources, in the record's attributes `image_type` or `category`, in lower case.
_SAID = {
    "artistic": ARTISTIC,
    "social": SOCIAL,
    "nature": NATURE,
    # OASIS
    "person": SOCIAL,
    "animal": NATURE,
    # EEmo-Bench; its "Animal" is that of OASIS
    "human": SOCIAL,
    "daily life scene": SOCIAL,
    "natural landscape": NATURE,
    "abstract/cartoon image": ARTISTIC,
}
_NO_ART = ("photograph", "other")
_NOBODY = ("absent", "unknown")
# Places after "outdoor/" in the annotator's scene.
_WILD = (
    *("beach", "canyon", "cave", "cliff", "coast", "desert", "field", "forest", "glacier", "hill"),
    *("island", "jungle", "lake", "meadow", "mountain", "ocean", "rainforest", "river", "sea"),
    *("shore", "sky", "snowfield", "swamp", "valley", "volcano", "waterfall", "wetland", "woods"),
)


def type_images(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `image_type` and `image_type_origin`, both null where the type is unknown.

    Args:
        rows: source_type (the type of all images of the source, null where it has none),
            source_words (what the source's records of the image call it), style,
            facial_expression, human_action and scene of one annotator; any of them may be null.
    """
    said = pl.col("source_words").list.eval(
        pl.element()
        .str.strip_chars()
        .str.to_lowercase()
        .replace_strict(_SAID, default=None, return_dtype=pl.String)
    )
    # Two records that name different types say nothing.
    agreed = said.list.drop_nulls().list.unique()
    of_record = pl.when(agreed.list.len() == 1).then(agreed.list.first())
    has_people = pl.any_horizontal(
        (pl.col(name).is_not_null() & ~pl.col(name).is_in(_NOBODY)).fill_null(value=False)
        for name in ("facial_expression", "human_action")
    )
    place = pl.col("scene").str.to_lowercase().str.extract(r"^outdoor/(.+)$")
    is_art = pl.col("style").is_not_null() & ~pl.col("style").is_in(_NO_ART)
    is_wild = place.str.split(" ").list.eval(pl.element().is_in(_WILD)).list.any()
    by_annotation = {"style": is_art, "people": has_people, "place": is_wild}
    types = {"style": ARTISTIC, "people": SOCIAL, "place": NATURE}
    of_source = pl.coalesce(of_record, "source_type")
    return rows.with_columns(
        pl.coalesce(
            of_source,
            *(pl.when(holds).then(pl.lit(types[n])) for n, holds in by_annotation.items()),
        ).alias("image_type"),
        pl.coalesce(
            pl.when(of_source.is_not_null()).then(pl.lit("source")),
            *(pl.when(holds).then(pl.lit(name)) for name, holds in by_annotation.items()),
        ).alias("image_type_origin"),
    )
