"""Gets a dataset: `eemo fetch`, or the steps where its owner wants to be asked.

Belongs here: the order of the steps, and how a failure is told. Does not belong here: the network
(`resources/network/downloads.py`) or what an archive may do (`archives.py`).
"""

import difflib
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.output import clean, say, show, show_json, show_rows, size_in_words
from eemo_pipeline.cli.problems import Problem, wrong_usage
from eemo_pipeline.cli.shell_text import called, quoted, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.sources import Download

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_MOST_NAMED = 5


@dataclass(frozen=True)
class _Fetched:
    """What became of one download.

    Attributes:
        name: the file.
        url: where it came from.
        size_bytes: its size.
        sha256: its checksum.
        is_verified: whether its owner says what the checksum must be, and it is that.
        is_new: whether it was fetched just now.
        placed: files that were put into the source's folder just now.
        unchanged: files that were there already.
    """

    name: str
    url: str
    size_bytes: int
    sha256: str
    is_verified: bool
    is_new: bool
    placed: int
    unchanged: int


def fetch_source(data: Path | None, name: str, url: str | None, *, as_json: bool) -> None:
    """Fetch what a source's owner offers for download, else tell how to get it."""
    from eemo_pipeline.stages.sources import known_sources

    known = known_sources()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise wrong_usage(
            "there is no such source",
            f"fetch {name}",
            f"there are {', '.join(known)}",
            f"{called()} fetch {near[0]}" if near else "",
            f"{called()} sources  # tells about each",
        )
    source = known[name]
    root = choose_data_root(data)
    downloads = source.downloads
    again = f"{called()} fetch {name} --data {quoted(root.path)}"
    if url is not None:
        again = f"{again} --url {shlex.quote(url)}"
        downloads = (_rename(url, downloads),)
    facts = {
        "source": source.name,
        "title": source.title,
        "licence": source.licence,
        "homepage": source.homepage,
        "obtain": source.obtain,
        "place": shown(root.sources / source.name),
    }
    fetched: list[_Fetched] = []
    if downloads:
        say(clean(f"terms of {source.title}: {source.licence}"))
    for one in downloads:
        try:
            fetched.append(_fetch(root, name, one, again))
        except Problem as problem:
            by_hand = f"by hand: {source.obtain}; put it under {facts['place']}"
            raise Problem(
                problem.what, problem.where, problem.why, *problem.fixes, by_hand
            ) from problem
    if as_json:
        show_json({**facts, "files": [vars(file) for file in fetched]})
    elif fetched:
        _show_fetched(fetched, root, name)
    else:
        _show_steps(facts, root)


def _rename(url: str, declared: tuple["Download", ...]) -> "Download":
    """The file at another address; one of a declared name must have the declared checksum."""
    from eemo_pipeline.sources import Download

    name = _file_name(url)
    sha256 = next((one.sha256 for one in declared if one.name == name), None)
    return Download(url, name, sha256, name.lower().endswith(_ARCHIVES))


def _file_name(url: str) -> str:
    """The last part of the address, where it can be the name of a file."""
    try:
        name = PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:
        name = ""
    if not re.fullmatch(r"[^\x00-\x1f\x7f/\\.][^\x00-\x1f\x7f/\\]{0,200}", name):
        why = "its path does not end with the name of a file"
        raise wrong_usage("this address names no file", f"--url {url}", why, "name the file itself")
    return name


def _fetch(root: DataRoot, source: str, wanted: "Download", again: str) -> _Fetched:
    from eemo_pipeline.execution.progress import track_bytes
    from eemo_pipeline.readers.archives import RefusedArchive, WouldOverwrite, move_files
    from resources.network.downloads import DownloadFailed, download

    folder = root.sources / source
    # A file lies beside the lake until it is whole, so that no run reads half of it.
    kept = root.downloads / source / wanted.name
    is_there = not wanted.is_archive and (folder / wanted.name).exists()
    try:
        with track_bytes(wanted.name) as report:
            place = folder / wanted.name if is_there else kept
            got = download(wanted.url, place, wanted.sha256, report)
        if wanted.is_archive:
            placed, unchanged = _unpack(kept, folder)
        else:
            placed = (
                0 if is_there else len(move_files(root.downloads / source, [wanted.name], folder))
            )
            unchanged = 1 - placed
    except DownloadFailed as error:
        raise Problem(error.what, error.where, error.why, error.fix) from error
    except RefusedArchive as error:
        path = error.path
        anew = f"rm {quoted(path)} && {again}"
        raise Problem(
            "the archive is not unpacked", shown(path), error.why, error.fix, anew
        ) from error
    except WouldOverwrite as error:
        some = ", ".join(shown(path) for path in error.paths[:_MOST_NAMED])
        raise Problem(
            f"{len(error.paths)} files are there already, with other content",
            some,
            f"nothing is overwritten, and nothing was moved; what was fetched is {shown(kept)}",
            f"move those files away, then: {again}",
        ) from error
    return _Fetched(
        wanted.name,
        wanted.url,
        got.size_bytes,
        got.sha256,
        is_verified=wanted.sha256 is not None,
        is_new=got.is_new,
        placed=placed,
        unchanged=unchanged,
    )


def _unpack(kept: Path, folder: Path) -> tuple[int, int]:
    """Files of an archive put into the source's folder, and those that were there already."""
    from eemo_pipeline.execution.progress import track_bytes
    from eemo_pipeline.readers.archives import move_files, unpack

    unpacked = kept.with_name(f"{kept.name}.unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(parents=True)
    try:
        with track_bytes(f"unpacking {kept.name}") as report:
            names = unpack(kept, unpacked, report=report)
        moved = len(move_files(unpacked, names, folder))
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return moved, len(names) - moved


def _show_fetched(fetched: list[_Fetched], root: DataRoot, source: str) -> None:
    show_rows(
        ("file", "size", "fetched", "checksum", "placed", "there already"),
        [
            (
                file.name,
                size_in_words(file.size_bytes),
                "now" if file.is_new else "before",
                "right" if file.is_verified else "not known",
                file.placed,
                file.unchanged,
            )
            for file in fetched
        ],
    )
    say(f"in {shown(root.sources / source)}; next: {called()} run --data {quoted(root.path)}")


def _show_steps(facts: dict[str, str], root: DataRoot) -> None:
    """How a person gets what no program may fetch."""
    show(clean(f"{facts['title']} is not offered for direct download."))
    for heading, name in (
        ("how", "obtain"),
        ("where", "homepage"),
        ("terms", "licence"),
        ("put it", "place"),
    ):
        show(f"  {heading:<7} {clean(facts[name] or 'not known')}")
    show(f"  then    {called()} run --data {quoted(root.path)}")
