"""Looks whether the files that sources offer for download have changed where they come from.

Belongs here: asking, and remembering what was seen in the data root. Does not belong here: fetching
(`downloads.py`), or what is run then (`eemo_pipeline/definitions.py`).
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
    """What one look at the sources' addresses found.

    Attributes:
        changed: source -> file and version, of what is new since the last look.
        quiet: source -> why nothing follows for it.
    """

    changed: dict[str, str] = field(default_factory=dict)
    quiet: dict[str, str] = field(default_factory=dict)


def look_at_remotes(sources: Iterable[SourceDataset], data_root: DataRoot) -> RemoteLook:
    """Ask for the version of every offered file of the sources on disk, and remember it.

    The first look at a file changes nothing: what is on disk came from that version as far as
    anybody knows. An address that does not answer keeps what was remembered of it.
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
    """Address -> version; nothing where the file is not there or was damaged."""
    try:
        found = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {url: version for url, version in found.items() if isinstance(version, str)}
