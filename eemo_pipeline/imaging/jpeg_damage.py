"""Damage inside a JPEG that Pillow does not report.

libjpeg decodes what it can and warns; Pillow discards the warnings, and an image of which two
thirds are grey passes for whole. simplejpeg decodes with the same library and raises on them.
"""

import re

# Words of libjpeg's warnings about lost data (jerror.h), and the reason code of each.
_WARNINGS = {"premature end": "truncated", "corrupt jpeg data": "damaged"}
_PADDING = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
# libjpeg-turbo's own tools stop here; photographs have up to about a dozen.
MAX_SCANS = 500
_SCAN, _END = b"\xff\xda", b"\xff\xd9"


def count_scans(content: bytes) -> int:
    """Return how many scans the file has; in compressed data the marker cannot occur."""
    return content.count(_SCAN)


def find_damage(content: bytes) -> tuple[str, str] | None:
    """Return reason code and libjpeg's words if data of a JPEG are lost, None if all are there.

    Zeros before the end are padding. What the decoder refuses for another reason is not judged.
    """
    import simplejpeg

    try:
        simplejpeg.decode_jpeg(content, "GRAY", fastdct=True, min_factor=8, strict=True)
    except ValueError as error:
        words = str(error)
    else:
        return None
    padding = _PADDING.search(words)
    if padding:
        end = content.rfind(_END)
        if not content[end - int(padding[1]) : end].strip(b"\0"):
            return None
    lower = words.lower()
    reason = next((reason for warning, reason in _WARNINGS.items() if warning in lower), None)
    return None if reason is None else (reason, f"libjpeg: {words}"[:200])
