"""Fetches a source dataset, or shows how to get it if its owner requires a request: `eemo fetch`.

`resources/network/downloads.py` downloads, and `readers/archives.py` unpacks.
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
from eemo_pipeline.cli.shell_text import command, quoted, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.sources import Download

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_MOST_NAMED = 5


@dataclass(frozen=True)
class _Fetched:
    """The result of one download.

    Attributes:
        name: The file.
        url: Its address.
        size_bytes: Its size.
        sha256: Its checksum.
        is_verified: Whether the checksum was compared with the one that the owner states.
        is_new: Whether it was downloaded just now.
        placed: Number of files put into the source's folder just now.
        unchanged: Number of files that were there already.
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
    """Fetch the downloads of a source, or show how to get it.

    Raises:
        Problem: There is no such source, or a download failed.
    """
    from eemo_pipeline.stages.sources import known_sources

    known = known_sources()
    root = choose_data_root(data)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise wrong_usage(
            "there is no such source",
            f"fetch {name}",
            f"available: {', '.join(known)}",
            command(f"fetch {near[0]}", root) if near else "",
            command("sources", root, " # describes each of them"),
        )
    source = known[name]
    downloads = source.downloads
    again = command(f"fetch {name}", root)
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
    """Return the file at another address; a declared file name keeps its declared checksum."""
    from eemo_pipeline.sources import Download

    name = _file_name(url)
    sha256 = next((one.sha256 for one in declared if one.name == name), None)
    return Download(url, name, sha256, name.lower().endswith(_ARCHIVES))


def _file_name(url: str) -> str:
    """Return the last part of the address if it is a valid file name."""
    try:
        name = PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:
        name = ""
    if not re.fullmatch(r"[^\x00-\x1f\x7f/\\.][^\x00-\x1f\x7f/\\]{0,200}", name):
        why = "its path does not end with a file name"
        raise wrong_usage(
            "this address does not name a file",
            f"--url {url}",
            why,
            "give the address of the file itself",
        )
    return name


def _fetch(root: DataRoot, source: str, wanted: "Download", again: str) -> _Fetched:
    from eemo_pipeline.execution.progress import track_bytes
    from eemo_pipeline.readers.archives import RefusedArchive, WouldOverwrite, move_files
    from resources.network.downloads import DownloadFailed, download

    folder = root.sources / source
    # A file stays outside the lake until it is complete, so that no run reads a part of it.
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
            "the archive was not unpacked", shown(path), error.why, error.fix, anew
        ) from error
    except WouldOverwrite as error:
        some = ", ".join(shown(path) for path in error.paths[:_MOST_NAMED])
        raise Problem(
            f"{len(error.paths)} files exist already with different content",
            some,
            f"nothing was overwritten or moved; the downloaded file is {shown(kept)}",
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
    """Move an archive's files into the source's folder; return counts of new and existing files."""
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
                "verified" if file.is_verified else "unknown",
                file.placed,
                file.unchanged,
            )
            for file in fetched
        ],
    )
    say(f"in {shown(root.sources / source)}; next: {command('run', root)}")


def _show_steps(facts: dict[str, str], root: DataRoot) -> None:
    """Show how to get a dataset that cannot be downloaded by a program."""
    show(clean(f"{facts['title']} is not offered for direct download."))
    for heading, name in (
        ("how", "obtain"),
        ("where", "homepage"),
        ("terms", "licence"),
        ("put in", "place"),
    ):
        show(f"  {heading:<7} {clean(facts[name] or 'unknown')}")
    show(f"  then    {command('run', root)}")
