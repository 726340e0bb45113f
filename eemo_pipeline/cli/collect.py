"""Collects the images of a manifest into `sources/web`: `eemo collect`.

`resources/network/collection.py` does the work.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from eemo_pipeline.cli.data_root import choose_data_root, hold
from eemo_pipeline.cli.output import counted, say, show_json, show_rows
from eemo_pipeline.cli.problems import wrong_usage
from eemo_pipeline.cli.shell_text import command, shown


def collect_images(
    data: Path | None,
    manifest: Path,
    most_mb: int,
    pause_s: float,
    private_hosts: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Collect the manifest's images and show how many rows came to what.

    Raises:
        Problem: The manifest cannot be read, or a cap is wrong.
    """
    import os

    from eemo_pipeline.execution.process_pool import Workers
    from resources.expansion_limits import VARIABLE, BadExpansionLimit, read_expansion_limits
    from resources.network.collection import BadManifest, CollectionLimits, collect

    root = choose_data_root(data)
    try:
        caps = read_expansion_limits(os.environ.get(VARIABLE, ""))
    except BadExpansionLimit as error:
        raise wrong_usage("a cap is wrong", VARIABLE, str(error)) from error
    limits = CollectionLimits(
        most_bytes=most_mb * 1_000_000,
        pause_s=pause_s,
        images_per_query=caps.images_per_query,
        private_hosts=tuple(private_hosts),
    )
    with hold(root), closing(Workers()) as workers:
        try:
            collected = collect(manifest, root, limits, workers)
        except BadManifest as error:
            raise wrong_usage(
                "the manifest cannot be used",
                shown(manifest),
                str(error),
                "its columns are path or url, licence, and optionally query, background, "
                "attribute, subject",
            ) from error
    reasons = collected.reasons
    if as_json:
        show_json(
            {
                "manifest": collected.manifest,
                "rows": len(collected.rows),
                "decided_now": collected.fresh,
                "outcomes": dict(sorted(reasons.items())),
            }
        )
        return
    show_rows(("outcome", "rows"), reasons.most_common())
    may_succeed = sum(row["status"] == "error" for row in collected.rows.values())
    if may_succeed:
        say(f"{counted(may_succeed, 'row')} may succeed later: run the same command again")
    say(f"in {shown(root.sources / 'web')}; next: {command('run', root)}")
