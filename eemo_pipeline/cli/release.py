"""`eemo release`: builds, checks and lists the releases of a data root.

`stages/release/` does the work.
"""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from eemo_pipeline.cli.data_root import choose_data_root, hold, require_data_root
from eemo_pipeline.cli.output import clean, say, show, show_json, show_rows
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.shell_text import command, making_commands, quoted, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.stages.release.build import Built
    from eemo_pipeline.stages.release.contents import Contents
    from eemo_pipeline.stages.release.declaration import Declaration
    from eemo_pipeline.stages.release.manifest import Code, Manifest

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
    root = choose_data_root(data)
    _require_tables(root)
    _require_known(root, permitted)
    declaration = _read_declaration(root)
    with hold(root):
        contents = _select(root, permitted, leave_out=redistributable_only)
        built = _write(root, contents, declaration, permitted, root.path if with_images else None)
    manifest = built.manifest
    counts = _count(manifest)
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
        show(f"{name:<9} {rows:,} rows")
    for row in manifest.withheld:
        terms = f"{clean(row.source)}, {clean(row.licence)}"
        say(f"withheld  {row.rows:,} rows of {row.config}: {terms}")
    say(f"next      {command('release check', root)}")
    say(f"          {command(_TAKE_IN, root, ' # the database knows it too')}")


def _write(
    root: DataRoot,
    contents: "Contents",
    declaration: "Declaration",
    permitted: list[str],
    image_root: Path | None,
) -> "Built":
    from eemo_pipeline.stages.release.build import build_release
    from eemo_pipeline.stages.release.image_files import LostImages
    from eemo_pipeline.stages.release.manifest import BadManifest

    code = _describe_code()
    places = root.tables, root.releases
    try:
        return build_release(*places, contents, declaration, code, permitted, image_root)
    except LostImages as error:
        some = "; ".join(f"{lost.path}: {lost.why}" for lost in error.images[:_MOST_NAMED])
        raise Problem(
            f"{len(error.images):,} image files are not those that the tables are about",
            shown(root.sources),
            clean(some),
            command("run", root, " # reads the images again"),
        ) from error
    except BadManifest as error:
        raise Problem(
            "the latest release is damaged",
            shown(root.releases),
            str(error),
            f"restore it from a copy, then {command('release check', root)}",
        ) from error


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
            f"there are {', '.join(map(str, numbers))}",
            command("release list", root),
        )
    return root.releases / str(number)


def _require_tables(root: DataRoot) -> None:
    require_data_root(root)
    missing = [
        name
        for name in ("dedup__images", "records__emoverse", "qa__items", "assess__items")
        if not (root.tables / f"{name}.parquet").exists()
    ]
    if missing:
        raise Problem(
            "there is nothing to release yet",
            shown(root.path),
            f"{missing[0]} has not been built",
            *making_commands(root),
        )


def _require_known(root: DataRoot, permitted: list[str]) -> None:
    from difflib import get_close_matches

    from eemo_pipeline.stages.sources import known_sources

    known = known_sources()
    for name in permitted:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise wrong_usage(
                f"there is no source {clean(name)!r}",
                f"--permitted {clean(name)}",
                f"did you mean {near[0]}?" if near else "no source has a similar name",
                command("sources", root),
            )


def _read_declaration(root: DataRoot) -> "Declaration":
    from eemo_pipeline.stages.release.declaration import FILE, BadDeclaration, read_declaration

    file = root.path / FILE
    try:
        return read_declaration(file)
    except BadDeclaration as error:
        raise Problem(
            "the release is not declared",
            shown(file),
            clean(error.why),
            f"echo '{error.fix}' >> {quoted(file)}",
        ) from error


def _select(root: DataRoot, permitted: list[str], *, leave_out: bool) -> "Contents":
    from eemo_pipeline.lake.parquet import DamagedTable
    from eemo_pipeline.stages.release.contents import EmptyRelease, MissingLicence, select_contents
    from eemo_pipeline.stages.release.redistribution import TermsForbid

    try:
        return select_contents(root.tables, permitted, leave_out=leave_out)
    except TermsForbid as error:
        sources = "; ".join(f"{o.source}: {o.licence} ({o.items:,} items)" for o in error.offenders)
        names = dict.fromkeys([*permitted, *(o.source for o in error.offenders)])
        granted = " ".join(f"--permitted {name}" for name in names)
        given = "".join(f" --permitted {name}" for name in permitted)
        raise Problem(
            "the terms of some sources forbid releasing these rows",
            shown(root.path),
            clean(sources),
            command(f"release build --redistributable-only{given}", root),
            command(f"release build {granted}", root, " # if their owners have given permission"),
        ) from error
    except MissingLicence as error:
        raise Problem(
            "some rows have no licence",
            shown(root.path),
            f"the sources {clean(', '.join(error.sources))} state none",
            command("sources", root),
        ) from error
    except DamagedTable as error:
        raise Problem(
            "a table cannot be read",
            shown(root.tables),
            clean(str(error)),
            command("run", root, " # builds the tables again"),
        ) from error
    except EmptyRelease as error:
        why = f"terms keep in {error.withheld:,} rows" if error.withheld else "the tables are empty"
        raise Problem(
            "no row is left to release",
            shown(root.path),
            why,
            command("sources", root, " # shows the terms"),
        ) from error


def _describe_code() -> "Code":
    from eemo_pipeline.orchestration.code_versions import build_code_versions
    from eemo_pipeline.orchestration.seeds import list_seeds
    from eemo_pipeline.stages.release.manifest import Code, hash_parts

    return Code(
        package=version("eemo-pipeline"),
        parts=hash_parts(),
        assets=build_code_versions(),
        seeds=list_seeds(),
    )


def _count(manifest: "Manifest") -> dict[str, int]:
    counts: dict[str, int] = {}
    for file in manifest.data_files():
        name = str(file.config)
        counts[name] = counts.get(name, 0) + file.rows
    return counts
