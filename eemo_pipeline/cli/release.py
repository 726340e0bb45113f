"""`eemo release`: builds, checks and lists the releases of a data root.

`stages/release/` does the work.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from eemo_pipeline.cli.data_root import choose_data_root, hold, require_data_root
from eemo_pipeline.cli.output import clean, counted, say, show, show_json, show_rows
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, making_commands, quoted, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.stages.release.request import ReleaseRefused

_DIGITS = 12  # of a digest
_MOST_NAMED = 5
_TAKE_IN = "run --select 'key:\"release__rows\"+'"


def build(
    data: Path | None,
    permitted: list[str],
    *,
    redistributable_only: bool,
    with_images: bool,
    as_json: bool,
) -> None:
    """Write the next release and show it.

    Raises:
        Problem: nothing may be released, no licence is stated, an image file is not what it was,
            or the latest release is damaged.
    """
    from eemo_pipeline.orchestration.release_code import describe_code
    from eemo_pipeline.stages.release.request import ReleaseRefused, ReleaseRequest, make_release

    root = choose_data_root(data)
    require_data_root(root)
    request = ReleaseRequest(tuple(permitted), redistributable_only, with_images)
    try:
        with hold(root):
            built = make_release(root, request, describe_code())
    except ReleaseRefused as error:
        raise _translate(error, root, permitted) from error
    manifest = built.manifest
    counts = manifest.count_rows()
    if as_json:
        show_json(
            {
                "release": manifest.number,
                "folder": str(built.folder),
                "digest": manifest.digest,
                "is_new": built.is_new,
                "rows": counts,
                "withheld": [row.model_dump() for row in manifest.withheld],
            }
        )
        return
    what = "written" if built.is_new else "holds the same already; nothing was written"
    show(f"release   {manifest.number} {what}")
    show(f"folder    {shown(built.folder)}")
    show(f"digest    {manifest.digest}")
    for name, rows in counts.items():
        show(f"{name:<9} {counted(rows, 'row')}")
    for row in manifest.withheld:
        terms = f"{clean(row.source)}, {clean(row.licence)}"
        say(f"withheld  {counted(row.rows, 'row')} of {row.config}: {terms}")
    say(f"next      {command('release check', root)}")
    say(f"          {command(_TAKE_IN, root, ' # the database knows it too')}")


def _translate(refused: "ReleaseRefused", root: DataRoot, permitted: list[str]) -> Problem:
    """Return the problem with commands as fixes, in place of settings."""
    from eemo_pipeline.stages.release.request import UnknownSource

    where, code = shown(refused.where), Exit.FAILURE
    if isinstance(refused.cause, UnknownSource):
        where, code = f"--permitted {clean(refused.cause.name)}", Exit.USAGE
    fixes = _list_fixes(refused, root, permitted)
    return Problem(clean(refused.what), where, clean(refused.why), *fixes, code=code)


def _list_fixes(refused: "ReleaseRefused", root: DataRoot, permitted: list[str]) -> list[str]:
    from eemo_pipeline.lake.parquet import DamagedTable
    from eemo_pipeline.stages.release.contents import EmptyRelease
    from eemo_pipeline.stages.release.declaration import BadDeclaration
    from eemo_pipeline.stages.release.image_files import LostImages
    from eemo_pipeline.stages.release.manifest import BadManifest
    from eemo_pipeline.stages.release.redistribution import TermsForbid
    from eemo_pipeline.stages.release.request import MissingTable

    match refused.cause:
        case MissingTable():
            return list(making_commands(root))
        case BadDeclaration() as error:
            return [f"echo '{error.fix}' >> {quoted(refused.where)}"]
        case (TermsForbid() | EmptyRelease()) as error if error.offenders:
            names = dict.fromkeys([*permitted, *(o.source for o in error.offenders)])
            granted = " ".join(f"--permitted {name}" for name in names)
            given = "".join(f" --permitted {name}" for name in permitted)
            permit = command(
                f"release build {granted}", root, " # if their owners have given permission"
            )
            if isinstance(error, EmptyRelease):
                return [permit]
            return [command(f"release build --redistributable-only{given}", root), permit]
        case DamagedTable():
            return [command("run", root, " # builds the tables again")]
        case LostImages():
            return [command("run", root, " # reads the images again")]
        case BadManifest():
            return [f"restore it from a copy, then {command('release check', root)}"]
        case _:
            return [command("sources", root, " # shows the terms")]


def check(data: Path | None, release: str | None, *, as_json: bool) -> Exit:
    """Check a release, show what is wrong, and return the exit code.

    Raises:
        Problem: there is no such release.
    """
    from eemo_pipeline.stages.release.check import CHECKS, check_release

    folder = find_release(data, release)
    found = check_release(folder)
    failed = {finding.check for finding in found}
    if as_json:
        show_json({"folder": str(folder), "findings": [asdict(finding) for finding in found]})
    else:
        for name in CHECKS:
            show(f"{'failed' if name in failed else 'passed':<8} {name}")
        for finding in found:
            say(f"{finding.check}: {clean(finding.path)}: {clean(finding.detail)}")
    return Exit.CHECK_FAILED if found else Exit.OK


def show_releases(data: Path | None, *, as_json: bool) -> None:
    """Show one line per release: the rows of `release__versions`, as the folder is now."""
    from eemo_pipeline.stages.release.released_tables import list_versions

    root = choose_data_root(data)
    require_data_root(root)
    rows = [
        {
            "release": row["release_no"],
            "rows": row["released_count"],
            "images": row["image_count"],
            "image_files": row["has_image_files"],
            "licence": row["licence"],
            "digest": (row["digest"] or "")[:_DIGITS] or f"damaged: {row['detail']}",
        }
        for row in list_versions(root.releases).iter_rows(named=True)
    ]
    if as_json:
        show_json(rows)
        return
    if not rows:
        say(f"no release yet; {command('release build', root)}")
        return
    columns = tuple(rows[0])
    show_rows(columns, [[row[name] for name in columns] for row in rows])


def find_release(data: Path | None, release: str | None) -> Path:
    """Return the folder of a release, named by its number or path; None names the latest.

    Raises:
        Problem: there is no such release.
    """
    from eemo_pipeline.stages.release.build import list_numbers

    if release and not release.isdigit():
        if Path(release).is_dir():
            return Path(release)
        raise wrong_usage(
            "there is no such release",
            clean(release),
            "it is neither a number nor a folder",
            command("release list", choose_data_root(data)),
        )
    root = choose_data_root(data)
    require_data_root(root)
    numbers = list_numbers(root.releases)
    if not numbers:
        raise Problem(
            "there is no release yet",
            shown(root.releases),
            "none has been built",
            command("release build", root),
        )
    number = int(release) if release else numbers[-1]
    if number not in numbers:
        raise wrong_usage(
            f"there is no release {number}",
            shown(root.releases),
            f"the releases are: {', '.join(map(str, numbers))}",
            command("release list", root),
        )
    return root.releases / str(number)
