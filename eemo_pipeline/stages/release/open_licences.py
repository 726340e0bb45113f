"""Whether the licence of one picture lets it be passed on.

Belongs here: licences as people write them in a manifest. Does not belong here: the terms of a
whole dataset (`sources/`), or what leaves the data root (`handover.py`).

Only what is known to be allowed is: a text that names no open licence keeps its picture in.
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
    """Why a picture under this licence may not be passed on; None where it may.

    Open are public domain, CC0, CC BY, CC BY-SA, ODC-BY, PDDL, MIT and Apache 2.0, by their SPDX
    names, their Creative Commons addresses or the usual spellings. A licence for non-commercial
    use alone, or without derived works, is not: how the published records are used, and that
    they describe the picture, is beyond its terms.
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
    """Lower case, hyphens between the words, and the words that Creative Commons abbreviates."""
    plain = licence.strip().casefold()
    address = _ADDRESS.match(plain)
    if address:
        plain = {"zero": "cc0", "mark": "pdm"}.get(address[2], f"cc-{address[2]}")
    short = re.sub(r"[\s_/()-]+", "-", plain).strip("-").removesuffix("-licence")
    short = short.removesuffix("-license")
    for words, code in _WORDS.items():
        short = short.replace(words, code)
    return short
