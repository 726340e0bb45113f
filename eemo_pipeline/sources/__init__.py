"""The contract of a source dataset, and how to add one.

To add a source, add one file `eemo_pipeline/sources/<name>.py` that declares
`SOURCE = SourceDataset(name="<name>", ...)` with a `read` function. Nothing else is touched: the
partition, the row of `sources__datasets` and the lineage node `external__<name>` follow.

`read` gets the listing of the dataset's folder and returns three frames. It opens annotation
files, never pictures, and never raises on bad content: what it cannot use becomes a reject.
"""

from collections.abc import Callable
from dataclasses import dataclass

from eemo_pipeline.readers.contract import Listing, SourceTables


@dataclass(frozen=True)
class Download:
    """A file that the owner offers without a form.

    Attributes:
        url: where it is.
        name: what it is called on disk, below the source's folder; an archive is kept outside
            of it, below `downloads/`.
        sha256: what its bytes must be, None where the owner does not say.
        is_archive: whether it is unpacked into the source's folder.
    """

    url: str
    name: str
    sha256: str | None = None
    is_archive: bool = False


@dataclass(frozen=True)
class SourceDataset:
    """A source dataset: its terms, its vocabulary and its reader.

    Attributes:
        name: equals the module's name; the partition key and the folder below `sources/`.
        label_space: a key of `emotion.taxonomies.LABEL_SPACES`.
        semantics: evoked, apparent or none.
        expected_files: picture files of a complete copy, None for open-ended sources.
        obtain: how a person gets the dataset.
        read: the reader, see the module's docstring.
        role: training, evaluation (no picture of it, nor a near-duplicate, ever trains) or
            lexicon (words instead of pictures).
        expected_records: records of a complete copy by the owner's count, None where unknown or
            disputed; reported beside what is found, never asserted.
        embeds: other sources, or collections, whose pictures it holds.
        downloads: files that the owner offers for direct download, empty where a form stands
            before them.
        needs: files, other than pictures, that every owner's copy holds: names or the ends of
            paths, compared without case, with `*` for any characters and `|` between names that
            serve alike ("labels.csv|labels.txt"). One that is not there is named as missing.
        is_licensed_per_picture: whether the record's attribute `licence` decides, picture by
            picture, in place of `is_redistributable`.
    """

    name: str
    title: str
    licence: str
    is_redistributable: bool
    homepage: str
    citation: str
    label_space: str
    semantics: str
    expected_files: int | None
    obtain: str
    read: Callable[[Listing], SourceTables]
    role: str = "training"
    expected_records: int | None = None
    embeds: tuple[str, ...] = ()
    downloads: tuple[Download, ...] = ()
    needs: tuple[str, ...] = ()
    is_licensed_per_picture: bool = False
