"""Whether the licence of one image allows redistribution.

Matches the licence texts that people write in a manifest. The terms of a whole dataset are in
`sources/`, and `redistribution.py` applies both.

Deny by default: an image may be redistributed only if its licence text names a known open licence.
"""

import re

_ADDRESS = re.compile(r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z-]+)")
_WORDS = {
    "creative-commons": "cc",
    "attribution": "by",
    "noncommercial": "nc",
    "non-commercial": "nc",
    "sharealike": "sa",
    "share-alike": "sa",
    "noderivatives": "nd",
    "noderivs": "nd",
    "no-derivatives": "nd",
}
_END = r"(?:-international|-unported|-universal|-generic)?"
_CC_BY = re.compile(rf"cc-by((?:-(?:nc|nd|sa))*)(?:-v?[1-4]\.\d)?{_END}(?:-[a-z]{{2}})?")
_FREE = re.compile(
    rf"cc-?(?:0|zero)(?:-v?1\.0)?{_END}|(?:cc-)?(?:pdm|public-domain)(?:-mark)?(?:-v?1\.0)?{_END}"
    r"|pddl(?:-1\.0)?|odc-by(?:-1\.0)?|mit|apache-2\.0"
)


def why_kept_in(licence: str) -> str | None:
    """Return why an image under this licence may not be redistributed, or None if it may.

    Open licences are public domain, CC0, CC BY, CC BY-SA, ODC-BY, PDDL, MIT and Apache 2.0, by
    their SPDX names, their Creative Commons addresses or the usual spellings. A licence for
    non-commercial use only, or without derived works, does not count as open: the use of the
    published records, which describe the image, may exceed its terms.
    """
    short = _shorten(licence)
    if _FREE.fullmatch(short):
        return None
    found = _CC_BY.fullmatch(short)
    if found is None:
        return "no licence that is known to allow it"
    if "nc" in found[1]:
        return "for non-commercial use alone"
    return "without derived works" if "nd" in found[1] else None


def _shorten(licence: str) -> str:
    """Return the text in lower case, hyphenated, with Creative Commons' terms abbreviated."""
    plain = licence.strip().casefold()
    address = _ADDRESS.match(plain)
    if address:
        plain = {"zero": "cc0", "mark": "pdm"}.get(address[2], f"cc-{address[2]}")
    short = re.sub(r"[\s_/()-]+", "-", plain).strip("-").removesuffix("-licence")
    short = short.removesuffix("-license")
    for words, code in _WORDS.items():
        short = short.replace(words, code)
    return short
