"""What a person asks to release, and the function by which the command and the pages release it.

`contents.py` chooses the rows, `build.py` writes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import DamagedTable
from eemo_pipeline.stages.release.build import Built, build_release
from eemo_pipeline.stages.release.contents import EmptyRelease, MissingLicence, select_contents
from eemo_pipeline.stages.release.declaration import FILE, BadDeclaration, read_declaration
from eemo_pipeline.stages.release.image_files import LostImages
from eemo_pipeline.stages.release.manifest import BadManifest, Code
from eemo_pipeline.stages.release.redistribution import Offender, TermsForbid
from eemo_pipeline.stages.sources import known_sources

# A release is made from these; all that it holds besides may be empty.
NEEDED = ("dedup__images", "records__emoverse", "qa__items", "assess__items")
_MOST_NAMED = 5


class UnknownSource(Exception):
    """A permitted source is none of the known ones; `near` is a similar name, if there is one."""

    def __init__(self, name: str) -> None:
        """Keep the name and the known name that is nearest to it."""
        super().__init__(name)
        self.name = name
        self.near = next(iter(get_close_matches(name, known_sources(), 1)), None)


class MissingTable(Exception):
    """A table that a release is made from has not been built."""


_CAUSES = (
    *(UnknownSource, MissingTable, BadDeclaration, TermsForbid, MissingLicence),
    *(DamagedTable, EmptyRelease, LostImages, BadManifest),
)


class ReleaseRefused(Exception):
    """Nothing was released.

    Attributes:
        what: what is wrong.
        where: the file or folder concerned.
        why: the cause.
        fix: what to set or write, in the words of the settings.
        cause: the error that it says this of.
    """

    def __init__(self, what: str, where: Path, why: str, fix: str, cause: Exception) -> None:
        """Keep the sentences."""
        super().__init__(f"{what} ({where}): {why.rstrip('.')}. Fix: {fix}")
        self.what = what
        self.where = where
        self.why = why
        self.fix = fix
        self.cause = cause


@dataclass(frozen=True)
class ReleaseRequest:
    """What is asked for.

    Attributes:
        permitted: sources whose owner has given permission beyond the terms.
        leave_out: withhold rows whose terms forbid redistribution, instead of refusing.
        with_images: put the image files in, and not their paths alone.
        stated: statements in place of those of `release.yaml`, such as the licence.
    """

    permitted: tuple[str, ...] = ()
    leave_out: bool = False
    with_images: bool = False
    stated: Mapping[str, str] = field(default_factory=dict)


def make_release(root: DataRoot, request: ReleaseRequest, code: Code) -> Built:
    """Write the next release, or return the latest if it holds the same.

    Args:
        root: the data root, which the caller holds.
        request: what is asked for.
        code: versions and seeds of what made the tables.

    Raises:
        ReleaseRefused: nothing may be released, no licence is stated, an image file is not what it
            was, or the latest release is damaged.
    """
    try:
        return _make(root, request, code)
    except _CAUSES as error:
        raise ReleaseRefused(*_describe(error, root), error) from None


def _make(root: DataRoot, request: ReleaseRequest, code: Code) -> Built:
    for name in request.permitted:
        if name not in known_sources():
            raise UnknownSource(name)
    for name in NEEDED:
        if not (root.tables / f"{name}.parquet").exists():
            raise MissingTable(name)
    declaration = read_declaration(root.path / FILE, request.stated)
    contents = select_contents(root.tables, request.permitted, leave_out=request.leave_out)
    return build_release(
        root.tables,
        root.releases,
        contents,
        declaration,
        code,
        request.permitted,
        root.path if request.with_images else None,
    )


def _describe(error: Exception, root: DataRoot) -> tuple[str, Path, str, str]:
    """Return what is wrong, where, why, and the fix."""
    match error:
        case UnknownSource():
            why = f"did you mean {error.near}?" if error.near else "no source has a similar name"
            fix = f"name one of {', '.join(known_sources())} under permitted"
            return f"there is no source {error.name!r}", root.sources, why, fix
        case MissingTable():
            built = f"{error} has not been built"
            return "there is nothing to release yet", root.path, built, "build the tables first"
        case BadDeclaration():
            fix = f"set the licence, or write `{error.fix}` into {FILE}"
            return "the release is not declared", root.path / FILE, error.why, fix
        case TermsForbid():
            what = "the terms of some sources forbid releasing these rows"
            fix = f"release the redistributable rows alone, or {_permit(error.offenders)}"
            return what, root.path, _list_terms(error.offenders), fix
        case MissingLicence():
            why = f"the sources {', '.join(error.sources)} state none"
            fix = "state the licence where the source is declared"
            return "some rows have no licence", root.path, why, fix
        case EmptyRelease():
            if not error.offenders:
                what, why = "no row is left to release", "the tables are empty"
                return what, root.path, why, "build the tables first"
            why = f"terms keep all of them in: {_list_terms(error.offenders)}"
            return "no row is left to release", root.path, why, _permit(error.offenders)
        case LostImages():
            some = "; ".join(f"{lost.path}: {lost.why}" for lost in error.images[:_MOST_NAMED])
            count = f"{len(error.images):,} image files are not those that the tables are about"
            return count, root.sources, some, "run again, which reads the images again"
        case DamagedTable():
            return "a table cannot be read", root.tables, str(error), "build the tables again"
        case _:  # BadManifest
            fix = "restore it from a copy"
            return "the latest release is damaged", root.releases, str(error), fix


def _list_terms(offenders: Sequence[Offender]) -> str:
    return "; ".join(f"{one.source}: {one.licence} ({one.items:,} items)" for one in offenders)


def _permit(offenders: Sequence[Offender]) -> str:
    names = ", ".join(dict.fromkeys(one.source for one in offenders))
    return f"set permitted to [{names}] if their owners have given permission"
