"""Finds the images whose emotion embeddings are nearest to that of one image: `eemo similar`."""

from pathlib import Path

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.inspection import find_image, require_database
from eemo_pipeline.cli.output import show_json, show_rows
from eemo_pipeline.cli.problems import Problem
from eemo_pipeline.cli.shell_text import command

_QUERY = "from similar_images($image_id, how_many := $how_many)"
_DECIMALS = 6


def show_similar(data: Path | None, image: str, how_many: int, *, as_json: bool) -> None:
    """Show the nearest images, most similar first.

    Raises:
        Problem: there is no such image, or it has no embedding.
    """
    from eemo_pipeline.lake import warehouse

    root = choose_data_root(data)
    require_database(root)
    image_id = find_image(root, image, "similar")
    try:
        columns, rows = warehouse.query(
            root.database, _QUERY, {"image_id": image_id, "how_many": how_many}
        )
    except warehouse.WarehouseError as error:  # a database of an older version
        raise Problem(
            "the database has no embeddings",
            str(root.database),
            str(error.__cause__ or error).splitlines()[0],
            command("run", root, " # publishes it again"),
        ) from error
    if not rows:
        raise Problem(
            "the image has no embedding",
            image_id,
            "no embedding head was trained, or it refused the image (training__refusals)",
            command("train --recipe des_head", root),
        )
    place = list(columns).index("similarity")
    rounded = [(*row[:place], round(row[place], _DECIMALS), *row[place + 1 :]) for row in rows]
    if as_json:
        show_json([dict(zip(columns, row, strict=True)) for row in rounded])
    else:
        show_rows(columns, rounded)
