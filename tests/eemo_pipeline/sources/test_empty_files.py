"""An annotation file of no bytes, or of blanks, is a file without rows, in every source."""

import pytest

from eemo_pipeline.stages.sources import known_sources
from tests.support.sources import read_files

# Names with their alternatives spelled out, as the sources declare them.
NEEDED = [
    (name, file.strip().replace("*", "x"))
    for name, source in known_sources().items()
    for need in source.needs
    for file in need.split("|")
]


@pytest.mark.parametrize(("name", "file"), NEEDED)
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf \r\n\t"])
def test_empty_annotation_files_have_no_rows(name: str, file: str, content: bytes) -> None:
    assert read_files(name, {file: content}).annotations.is_empty()
