"""Damage inside a JPEG that Pillow does not report.

libjpeg decodes what it can and warns; Pillow discards the warnings, and an image of which two
thirds are grey passes for whole. simplejpeg decodes with the same library and raises on them. Where
it does not know the layout of the colours (CMYK at 4:2:0), OpenCV decodes, which leaves the
warnings to standard error.
"""

import os
import re
import struct
import tempfile
from collections.abc import Iterator

# Words of libjpeg's warnings about lost data (jerror.h), and the reason code of each.
_WARNINGS = {
    "premature end": "truncated",
    "corrupt jpeg data": "damaged",
    "inconsistent progression": "damaged",
}
_PADDING = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
# libjpeg-turbo's own tools stop here; photographs have up to about a dozen.
MAX_SCANS = 500
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
# In compressed data, 0xFF is followed by 0 (a byte of data) or by the number of a restart.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_PROGRESSIVE_FRAMES = (0xC2, 0xCA)
_STANDARD_ERROR = 2


def count_scans(content: bytes) -> int:
    """Return how many scans the file has; in compressed data the marker cannot occur."""
    return content.count(_SCAN)


def find_damage(content: bytes) -> tuple[str, str] | None:
    """Return reason code and the decoder's words if data of a JPEG are lost, None if not.

    Found are compressed data that end before the header's last block, codes that do not exist,
    bytes left over, restarts out of order, a missing end, and scans of a progressive file that
    never came. Zeros before the end are padding. Not to be known: damage after which the data
    still decode to the right number of blocks (other values of some pixels), and a missing scan of
    a progressive file that no other scan promises. A file that no decoder but Pillow's reads is not
    judged.

    OpenCV's part redirects the standard error of the whole process for a moment: for processes that
    do one thing at a time.
    """
    words = _ask_simplejpeg(content)
    if words and not _reason(words):
        words = _ask_opencv(content)
    if words and (reason := _reason(words)) and not _is_padding(content, words):
        return reason, f"libjpeg: {words}"[:200]
    missing = _missing_scan(content)
    return None if missing is None else ("truncated", missing)


def _ask_simplejpeg(content: bytes) -> str | None:
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(content, "GRAY", fastdct=True, min_factor=8, strict=True)
    except ValueError as error:
        return str(error)
    return None


def _ask_opencv(content: bytes) -> str | None:
    """Return the first warning about lost data."""
    import cv2
    import numpy as np

    kept = os.dup(_STANDARD_ERROR)
    try:
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), _STANDARD_ERROR)
            try:
                cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
            except cv2.error:
                return None
            finally:
                os.dup2(kept, _STANDARD_ERROR)
            said.seek(0)
            lines = said.read().decode(errors="replace").splitlines()
    finally:
        os.close(kept)
    return next((line for line in lines if _reason(line)), None)


def _reason(words: str) -> str | None:
    lower = words.lower()
    return next((reason for warning, reason in _WARNINGS.items() if warning in lower), None)


def _is_padding(content: bytes, words: str) -> bool:
    padding = _PADDING.search(words)
    if padding is None:
        return False
    end = content.rfind(_END)
    return not content[end - int(padding[1]) : end].strip(b"\0")


def _missing_scan(content: bytes) -> str | None:
    """Return which scan of a progressive file is missing, in words.

    A scan that sends coefficients without their last bits promises others that send these.
    """
    components: tuple[int, ...] = ()
    missing_bits: dict[tuple[int, int], int] = {}  # component, coefficient -> bits still to come
    for marker, body in _segments(content):
        if marker in _PROGRESSIVE_FRAMES and len(body) > 5:
            components = tuple(body[6 : 6 + 3 * body[5] : 3])
        elif marker == _SCAN[1] and components and len(body) > 3 + 2 * (count := body[0]):
            first, last, bits = body[1 + 2 * count : 4 + 2 * count]
            for component in body[1 : 1 + 2 * count : 2]:
                for coefficient in range(first, last + 1):
                    missing_bits[component, coefficient] = bits & 15
    for number, component in enumerate(components, 1):
        bands = [bits for (one, _), bits in missing_bits.items() if one == component]
        if (component, 0) not in missing_bits or any(bands):
            return f"scans of colour component {number} of {len(components)} are missing"
    return None


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and body of the segments of the file's first image."""
    place = 2
    while found := _MARKER.search(content, place):
        marker = found[1][0]
        if marker == _END[1] or len(content) < found.end() + 2:
            return
        (length,) = struct.unpack_from(">H", content, found.end())
        yield marker, content[found.end() + 2 : found.end() + length]
        place = found.end() + length
