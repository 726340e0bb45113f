"""The contract of a source dataset, and how to add one.

To add a source, add one file `eemo_pipeline/sources/<name>.py` that declares `SOURCE =
SourceDataset(name="<name>", ...)` with a `read` function. Nothing else changes: the partition, the
row of `sources__datasets` and the lineage node `external__<name>` follow.

`read` gets the listing of the dataset's folder and returns a `SourceTables`. It opens annotation
files, never images, and never raises on bad content: an unusable row becomes a reject.
"""

from collections.abc import Callable
from dataclasses import dataclass

from eemo_pipeline.readers.contract import Listing, SourceTables


@dataclass(frozen=True)
class Download:
    """A file that the owner offers without a form.

    Attributes:
        url: its address.
        name: its name on disk, below the source's folder; an archive is kept outside of it, below
            `downloads/`.
        sha256: the expected SHA-256 of its bytes, None where the owner does not publish one.
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
        expected_files: image files of a complete copy, None for open-ended sources.
        obtain: how a person gets the dataset.
        read: the reader, see the module's docstring.
        role: training, evaluation (neither an image of it nor a near-duplicate is used for
            training) or lexicon (words instead of images).
        expected_records: records of a complete copy by the owner's count, None where unknown or
            disputed; reported beside the number found, never asserted.
        embeds: other sources, or collections, whose images it contains.
        downloads: files that the owner offers for direct download, empty where a form is required.
        needs: files, other than images, in every complete copy: names or the ends of paths,
            compared ignoring case, with `*` for any characters and `|` between equivalent names
            ("labels.csv|labels.txt"). An absent one is reported as missing.
        image_type: Artistic, Social or Nature where the dataset says it of all its images.
        is_licensed_per_picture: whether the record's attribute `licence` decides, image by image,
            in place of `is_redistributable`.
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
    image_type: str | None = None
