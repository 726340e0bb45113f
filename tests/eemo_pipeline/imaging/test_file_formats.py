"""Formats that are refused are named; the image of a file with thumbnails is its largest page."""

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from eemo_pipeline.imaging.file_formats import VARIABLE, readable_formats
from eemo_pipeline.imaging.opening import measure_file, measure_method, open_picture
from tests.support.images import encode, paint

_BOX = b"\0\0\0\x18ftyp"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (_BOX + b"heic\0\0\0\0mif1heic" + bytes(500), "HEIC"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(500), "JPEG XL"),
        (b"\xff\x0a" + bytes(500), "JPEG XL"),
        (_BOX + b"crx \0\0\0\1crx isom" + bytes(500), "camera raw"),
        (b"FUJIFILMCCD-RAW 0201" + bytes(500), "camera raw"),
        (b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg xmlns='...'></svg>", "SVG"),
        (b"<svg viewBox='0 0 1 1'/>", "SVG"),
        (b"%PDF-1.7\n" + bytes(500), "PDF"),
        (b"SIMPLE  =                    T" + bytes(2880), "FITS"),
        (encode(paint(1), "JPEG2000"), "JPEG 2000"),
        (encode(paint(1), "QOI"), "QOI"),
        (encode(paint(1), "ICO"), "icon"),
        (encode(paint(1), "PCX"), "PCX"),
        (encode(paint(1), "SGI"), "SGI"),
        (_BOX + b"isom\0\0\0\1isomavc1" + bytes(500), "video"),
    ],
)
def test_a_format_that_is_not_read_is_named(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(content)
    answer = measure_file(path)
    if name in ("HEIC", "JPEG XL") and set(readable_formats()) & {"HEIF", "JXL"}:
        assert answer["status"] == "refused"
        return
    assert answer["reason"] == "unsupported_format"
    assert answer["detail"].startswith(f"{name} is not read")
    is_on_request = name in ("FITS", "JPEG 2000", "QOI", "icon", "PCX", "SGI")
    assert ("EEMO_FORMATS=" in answer["detail"]) == is_on_request


@pytest.fixture
def request_formats(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def request(text: str) -> None:
        monkeypatch.setenv(VARIABLE, text)
        readable_formats.cache_clear()

    yield request
    readable_formats.cache_clear()


@pytest.mark.parametrize("kind", ["JPEG2000", "QOI", "ICO", "PCX", "SGI", "TGA"])
def test_a_format_is_read_on_request(
    tmp_path: Path, request_formats: Callable[[str], None], kind: str
) -> None:
    path = tmp_path / "image"
    path.write_bytes(encode(paint(1), kind))
    assert measure_file(path)["status"] == "refused"
    usual = measure_method()
    request_formats(f"fits, {kind.lower()}")
    assert measure_file(path)["format"] == kind
    assert measure_method() != usual  # so that what was refused is measured


def test_a_format_that_is_not_on_offer_is_named(request_formats: Callable[[str], None]) -> None:
    request_formats("JPEG2000 PDF")
    with pytest.raises(ValueError, match="EEMO_FORMATS names PDF; it may name: JPEG2000 FITS"):
        measure_method()


@pytest.mark.parametrize(
    ("module", "kind"), [("pillow_heif", "HEIF"), ("pillow_jxl", "JXL")], ids=["heic", "jxl"]
)
def test_the_extra_reads_more_formats(tmp_path: Path, module: str, kind: str) -> None:
    pytest.importorskip(module)
    assert kind in readable_formats()
    path = tmp_path / "image"
    path.write_bytes(encode(paint(1), kind, quality=95))
    picture = open_picture(path, 160)
    assert picture.format == kind
    assert np.abs(picture.rgb.astype(int) - np.asarray(paint(1))).mean() < 6


def pages(*images: Image.Image, reduced: int | None = None, tags: dict[int, int] = {}) -> bytes:  # noqa: B006 (read only)
    """A TIFF of these pages, of which one may be marked as a reduced copy."""
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer, new=True) as writer:
        for number, image in enumerate(images):
            info = TiffImagePlugin.ImageFileDirectory_v2()
            for tag, value in tags.items():
                info[tag] = value
            if number == reduced:
                info[254] = 1
            image.save(writer, "TIFF", tiffinfo=info)
            writer.newFrame()
    return buffer.getvalue()


def shown(tmp_path: Path, content: bytes) -> tuple[int, int]:
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    picture = open_picture(path, 400)
    return picture.width_px, picture.height_px


def test_a_thumbnail_before_the_image_is_not_the_image(tmp_path: Path) -> None:
    image, small = paint(1), paint(1).resize((40, 30))
    assert shown(tmp_path, pages(small, image, reduced=0)) == (160, 120)
    assert shown(tmp_path, pages(small, image)) == (160, 120)
    assert shown(tmp_path, pages(small.resize((150, 30)), image, reduced=0)) == (160, 120)


def test_the_first_of_several_pages_is_the_image(tmp_path: Path) -> None:
    image, small = paint(1), paint(1).resize((40, 30))
    assert shown(tmp_path, pages(image, small)) == (160, 120)
    assert shown(tmp_path, pages(small.resize((40, 60)), image)) == (40, 60)
    assert shown(tmp_path, pages(paint(2).resize((120, 90)), image)) == (120, 90)
    assert shown(tmp_path, pages(small, reduced=0)) == (40, 30)


def test_raw_built_on_tiff_is_named_and_its_thumbnail_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "DSC_0001.NEF"
    for content in (
        pages(paint(1), tags={50706: 0x01040000}),
        pages(paint(1).convert("L"), tags={262: 32803}),
        pages(paint(1), reduced=0, tags={330: 8}),
    ):
        path.write_bytes(content)
        assert measure_file(path).get("detail", "read").startswith("camera raw is not read")


def test_a_transport_stream_of_junk_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "junk.jpg"
    path.write_bytes(struct.pack("<64I", *range(1, 65)))
    assert measure_file(path)["reason"] == "not_a_picture"
