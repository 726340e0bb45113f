"""`eemo masks`: writes the masks of the records as PNG files.

The masks are run lengths in `records__regions`.
"""

from pathlib import Path
from typing import Annotated

import typer

from eemo_pipeline.cli.options import DataOption, JsonOption


def masks(
    images: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE_ID]...", help="Beginnings of image_ids; none means all images."
        ),
    ] = None,
    *,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Folder to write to.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the masks of the records as PNG files.

    A file is named IMAGE_ID-REGION_NO.png. It has the size of its image, and white is the region.
    """
    from eemo_pipeline.cli.output import clean, counted, show, show_json
    from eemo_pipeline.cli.problems import Problem, wrong_usage
    from eemo_pipeline.cli.shell_text import command, making_commands, shown
    from eemo_pipeline.lake.data_root import find_data_root
    from eemo_pipeline.lake.parquet import scan_table
    from eemo_pipeline.stages.exports.mask_files import write_masks

    root = find_data_root(data)
    if not (root.tables / "records__regions.parquet").exists():
        raise Problem(
            "there are no masks yet",
            shown(root.path),
            "records__regions has not been built",
            *making_commands(root),
        )
    if to.resolve().is_relative_to(root.sources.resolve()):
        raise wrong_usage(
            "the folder lies among the sources",
            f"--to {to}",
            "the next run would take the masks for images",
            command("masks --to ../masks", root),
        )
    written = write_masks(
        scan_table(root.tables, "records__regions").collect(),
        scan_table(root.tables, "dedup__images").collect(),
        to,
        images or [],
    )
    if images and not written:
        raise Problem(
            "no mask belongs to these images",
            clean(" ".join(images)),
            "no image_id with a mask begins so",
            command('sql "select distinct image_id from records__regions"', root),
        )
    if as_json:
        show_json({"folder": str(to), "masks": written})
        return
    show(f"{counted(written, 'mask')} in {clean(str(to))}")
