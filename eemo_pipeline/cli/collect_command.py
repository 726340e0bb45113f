"""The command `eemo collect`: its arguments, help and examples.

`collect.py` does the work.
"""

from pathlib import Path
from typing import Annotated

import typer

from eemo_pipeline.cli.data_root import read_folder
from eemo_pipeline.cli.options import DataOption, JsonOption, examples

COLLECT_EXAMPLES = examples(
    "eemo collect found.csv --data data/mine",
    "eemo collect found.csv --pause-s 5 --most-mb 20",
    "eemo collect mine.jsonl --private-host images.intranet:8080",
)


def collect(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", parser=read_folder, show_default=False)
    ],
    *,
    most_mb: Annotated[
        int, typer.Option("--most-mb", min=1, max=500, help="Size limit of one file, in MB.")
    ] = 50,
    pause_s: Annotated[
        float,
        typer.Option("--pause-s", min=0, max=3600, help="Seconds between requests to one host."),
    ] = 1.0,
    private_host: Annotated[
        list[str] | None,
        typer.Option(
            "--private-host",
            metavar="HOST:PORT",
            help="A server of your own network that may be asked; repeatable.",
        ),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Collect images from a list of files or addresses into sources/web.

    MANIFEST is a .csv or .jsonl file with path or url, licence, and optionally query, background,
    attribute, subject. Hosts are asked slowly, and only for what their robots.txt allows. A row
    without a licence, a private address, another's path, a file that is too large or no image: each
    is refused with a reason. The same command again goes on where it stopped.
    """
    from eemo_pipeline.cli.collect import collect_images

    collect_images(data, manifest, most_mb, pause_s, private_host or (), as_json=as_json)
