"""Checks whether the files that sources offer for download have changed at their origin.

The versions seen are stored in the data root. `downloads.py` downloads files, and the sensors in
`eemo_pipeline/orchestration/triggers.py` start runs.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.lake.parquet import write_bytes
from eemo_pipeline.sources import SourceDataset
from resources.network.downloads import DownloadFailed, ask_version


@dataclass(frozen=True)
class RemoteLook:
    """The result of one check of the sources' addresses.

    Attributes:
        changed: source -> file and version that are new since the last check.
        quiet: source -> the reason why nothing follows for it.
    """

    changed: dict[str, str] = field(default_factory=dict)
    quiet: dict[str, str] = field(default_factory=dict)


def look_at_remotes(sources: Iterable[SourceDataset], data_root: DataRoot) -> RemoteLook:
    """Request the version of every offered file of the sources on disk, and store it.

    The first check of a file reports no change: the file on disk is assumed to have that version.
    An address that does not answer keeps its stored version.
    """
    memory = data_root.downloads / "remote_versions.json"
    seen = _recall(memory)
    known = dict(seen)
    look = RemoteLook()
    for source in sources:
        if not source.downloads:
            look.quiet[source.name] = "its owner offers no file whose version could be asked"
        elif not (data_root.sources / source.name).is_dir():
            look.quiet[source.name] = "it is not on disk"
        else:
            _look_at(source, seen, known, look)
    if known != seen:
        text = json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True)
        write_bytes(f"{text}\n".encode(), memory)
    return look


def _look_at(
    source: SourceDataset, seen: dict[str, str], known: dict[str, str], look: RemoteLook
) -> None:
    new, notes = [], []
    for wanted in source.downloads:
        try:
            version = ask_version(wanted.url)
        except DownloadFailed as error:
            notes.append(f"{wanted.name}: {error.why}")
            continue
        before = seen.get(wanted.url)
        if version is None:
            notes.append(f"{wanted.name}: its server names no version")
        elif before is None:
            notes.append(f"{wanted.name}: first look, remembered")
        elif before == version:
            notes.append(f"{wanted.name}: unchanged")
        else:
            new.append(f"{wanted.name} {version}")
        if version is not None:
            known[wanted.url] = version
    if new:
        look.changed[source.name] = "; ".join(new)
    else:
        look.quiet[source.name] = "; ".join(notes)


def _recall(memory: Path) -> dict[str, str]:
    """Return address -> version; empty if the file is missing or damaged."""
    try:
        found = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {url: version for url, version in found.items() if isinstance(version, str)}
