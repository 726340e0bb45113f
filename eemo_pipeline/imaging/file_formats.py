"""Formats of image files: those that are read, and those that are refused by their name.

Read are the formats in which people keep photographs. Others are refused, although Pillow has
decoders for some: nobody photographs in FITS, QOI or JPEG 2000, and few have tried these decoders
on hostile files. EEMO_FORMATS names those to be read all the same. HEIC and JPEG XL are read where
the extra `formats` is installed.
"""

import io
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from PIL import Image, TiffImagePlugin

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "PPM", "PSD")
# Module of a Pillow plug-in -> Pillow's name of the format.
_PLUG_INS = {"pillow_heif": "HEIF", "pillow_jxl": "JXL"}

VARIABLE = "EEMO_FORMATS"
# Pillow's names of the formats that VARIABLE may name, each with its name in `_SIGNATURES`.
_ON_REQUEST = {
    "JPEG2000": "JPEG 2000", "FITS": "FITS", "QOI": "QOI", "ICO": "icon", "ICNS": "icon",
    "DDS": "DDS", "SGI": "SGI", "PCX": "PCX", "TGA": "TGA",
}  # fmt: skip

_HEIC_BRANDS = rb"(?:heic|heix|heim|heis|hevc|hevx|mif1|msf1)"
# Format -> what a file begins with. Raw formats built on TIFF are told by their tags.
_SIGNATURES = {
    "HEIC": rb"....ftyp" + _HEIC_BRANDS,
    "AVIF": rb"....ftypavi[fs]",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "camera raw": rb"....ftypcrx |II\*\0....CR|FUJIFILMCCD-RAW|IIU\0|IIR[OS]|FOVb|\0MRM",
    "SVG": rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]",
    "JPEG 2000": rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    "FITS": rb"SIMPLE  =",
    "QOI": rb"qoif",
    "PDF": rb"%PDF-",
    "PostScript": rb"%!PS|\xc5\xd0\xd3\xc6",
    "icon": rb"\0\0[\x01\x02]\0|icns",
    "DDS": rb"DDS ",
    "OpenEXR": rb"v/1\x01",
    "Radiance HDR": rb"#\?RADIANCE",
    "SGI": rb"\x01\xda[\0\x01][\x01\x02]",
    "PCX": rb"\x0a[\x02\x03\x05]\x01[\x01\x02\x04\x08]",
    "video": rb"....ftyp(?:isom|iso2|mp4|qt  |M4V|avc1|3gp)|\x1aE\xdf\xa3|\0\0\x01\xba",
}
_HEAD_BYTES = 1024
_INSTALL = {"HEIC": "formats", "JPEG XL": "formats"}
_PURPOSE = {
    "SVG": "a drawing without pixels of its own; render it to PNG",
    "camera raw": "undeveloped sensor data; develop it to JPEG or TIFF",
}

# Tags of TIFF 6.0, of its supplement for Adobe Photoshop, and of DNG 1.7.
_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _PHOTOMETRIC = 254, 255, 262
_SUB_IMAGES, _DNG_VERSION = 330, 50706
_REDUCED = 1
_COLOUR_FILTER_ARRAY, _LINEAR_RAW = 32803, 34892
_PAGES_SEARCHED = 16


class UnsupportedFormat(Exception):
    """An image file in a format that is not read; the message says which and what to do."""


@lru_cache(maxsize=1)
def readable_formats() -> tuple[str, ...]:
    """Return Pillow's names of the formats that are read here, plug-ins registered.

    Raises:
        ValueError: EEMO_FORMATS names a format that is not on offer.
    """
    wanted = sorted({*os.environ.get(VARIABLE, "").upper().replace(",", " ").split()})
    unknown = [name for name in wanted if name not in _ON_REQUEST]
    if unknown:
        offered = " ".join(_ON_REQUEST)
        raise ValueError(f"{VARIABLE} names {', '.join(unknown)}; it may name: {offered}")
    found = [module for module in _PLUG_INS if find_spec(module)]
    for module in found:
        plug_in = import_module(module)  # pillow_jxl registers itself
        if module == "pillow_heif":
            plug_in.register_heif_opener()
    return (*_FORMATS, *(_PLUG_INS[module] for module in found), *wanted)


def format_method() -> str:
    """Return which formats are read beyond those of every installation, empty if none."""
    further = readable_formats()[len(_FORMATS) :]
    return f", {' and '.join(further)} read" if further else ""


def refuse_unsupported(content: bytes) -> None:
    """Raise if the file begins like a known format that is not read here.

    Raises:
        UnsupportedFormat: with the format's name and what to do.
    """
    head = content[:_HEAD_BYTES]
    for name, signature in _SIGNATURES.items():
        if re.match(signature, head, re.DOTALL):
            raise UnsupportedFormat(_explain(name))
    if content.startswith((b"II*\0", b"MM\0*")) and _is_raw(_first_tags(content)):
        raise UnsupportedFormat(_explain("camera raw"))


def _first_tags(content: bytes) -> Mapping[int, Any]:
    """Return the tags of the first page of a TIFF that Pillow cannot open; empty if broken."""
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(content[:8])
        stream = io.BytesIO(content)
        stream.seek(tags.next)
        tags.load(stream)
    except Exception:  # noqa: BLE001 (hostile bytes raise anything, as in `opening.py`)
        return {}
    return tags


def _is_raw(tags: Mapping[int, Any]) -> bool:
    return _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in (_COLOUR_FILTER_ARRAY, _LINEAR_RAW)


def _explain(name: str) -> str:
    if name in _INSTALL:
        extra = _INSTALL[name]
        return (
            f"{name} is not read by this installation: "
            f"pip install 'eemo-pipeline[{extra}]', or convert the image to JPEG"
        )
    advice = _PURPOSE.get(name, "convert the image to JPEG or PNG")
    formats = [pillow for pillow, shown in _ON_REQUEST.items() if shown == name]
    request = f", or set {VARIABLE}={' '.join(formats)!r}" if formats else ""
    return f"{name} is not read: {advice}{request}"


def seek_image(image: Image.Image) -> None:
    """Go to the page of a TIFF that is the image, past reduced copies of it.

    A page counts as reduced by its tag, or if a later one has the same proportions and at least
    twice the width. Other files are left as they are.

    Raises:
        UnsupportedFormat: the pages are thumbnails of undeveloped sensor data.
    """
    if image.format != "TIFF":
        return
    pages: list[tuple[int, int, int]] = []
    has_hidden_images = False
    for number in range(_PAGES_SEARCHED):
        try:
            image.seek(number)
        except EOFError:
            break
        tags = getattr(image, "tag_v2", {})
        if _is_raw(tags):
            raise UnsupportedFormat(_explain("camera raw"))
        is_reduced = tags.get(_NEW_SUBFILE_TYPE, 0) & _REDUCED or tags.get(_SUBFILE_TYPE) == 2
        has_hidden_images |= _SUB_IMAGES in tags
        if not is_reduced:
            pages.append((number, *image.size))
    if not pages and has_hidden_images:
        raise UnsupportedFormat(_explain("camera raw"))
    if not pages:  # nothing but a reduced copy: it is the image that there is
        image.seek(0)
        return
    first, width, height = pages[0]
    larger = [
        (wide, number)
        for number, wide, high in pages
        if wide >= 2 * width and abs(wide * height - high * width) <= 0.02 * wide * height
    ]
    image.seek(max(larger)[1] if larger else first)
