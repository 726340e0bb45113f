"""Turns the bytes of a table into text, and refuses to guess where a guess could be wrong.

UTF-8, UTF-16 with a byte order mark, and Windows-1252 where no other encoding can be meant. Of all
other text, the ASCII part is read and every other byte becomes `UNDECODED`, so that no misread
letter reaches a table.
"""

import re
import unicodedata
from collections.abc import Callable

# A code point that Unicode reserves for programs: no text contains it.
UNDECODED = "\ufdd0"
# Half surrogate -> character: `surrogateescape` makes the former of a byte that is not UTF-8.
_AS_WINDOWS_1252 = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)
}
_AS_UNDECODED = dict.fromkeys(range(0xDC80, 0xDD00), UNDECODED)
# A word with a letter beyond ASCII, and a sign amid letters that no word has.
_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
_SIGN_IN_WORD = re.compile(
    r"[^\W\d_](?=[^\x00-\x7f])[^\w\u2018\u2019\u2013\u2014][^\W\d_]|[\u00aa\u00b2\u00b3\u00b9\u00ba]"
    r"|[^\W\d_\u00d7\u00f7][\u00d7\u00f7]|[\u00d7\u00f7](?:[^\W\d_]|[\u00d7\u00f7])"
)


def decode(data: bytes) -> tuple[str, str | None]:
    """Return the text, its line ends as line feeds, and why bytes of it are `UNDECODED`.

    The second value names the likely encoding, or is None where everything is decoded. A byte that
    is damaged within UTF-8 is read as Windows-1252, so that it does not affect the rest.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _plain_line_ends(data.decode("utf-16", errors="replace")), None
    try:
        return _plain_line_ends(data.decode("utf-8-sig")), None
    except UnicodeDecodeError:
        text = data.decode("utf-8-sig", errors="surrogateescape")
    valid = len(text.encode("utf-8", errors="ignore").decode())
    ascii_only = len(text.encode("ascii", errors="ignore"))
    if len(text) - valid < valid - ascii_only or _is_western(data):
        return _plain_line_ends(text.translate(_AS_WINDOWS_1252)), None
    ascii_text = data.decode("ascii", errors="surrogateescape").translate(_AS_UNDECODED)
    return _plain_line_ends(ascii_text), _name_encoding(data)


def decode_text(data: bytes) -> str:
    """Return the text of `decode`, where a reader checks for `UNDECODED` itself."""
    return decode(data)[0]


def _plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_western(data: bytes) -> bool:
    """Return whether the text is Latin as Windows-1252, and the same as Windows-1250."""
    western = data.decode("cp1252", errors="replace")
    return western == data.decode("cp1250", errors="replace") and _is_latin(western)


def _are_words(text: str) -> bool:
    """Return whether no sign is amid a word and no capital after its first letter."""
    return _SIGN_IN_WORD.search(text) is None and all(
        word[1:].islower() or word.isupper() or len(word) == 1 for word in _WORD.findall(text)
    )


def _is_latin(text: str) -> bool:
    """Return whether half of the letters of the words with other letters are ASCII."""
    letters = "".join(word for word in _WORD.findall(text) if len(word) > 1)
    return _are_words(text) and 2 * sum(letter.isascii() for letter in letters) >= len(letters)


def _is_cyrillic(text: str) -> bool:
    letters = set("".join(_WORD.findall(text)))
    names = (unicodedata.name(letter, "") for letter in letters)
    return _are_words(text) and all(name.startswith("CYRILLIC") for name in names)


def _is_chinese(text: str) -> bool:
    """Return whether all signs are among the 6,763 characters that are in common use."""
    try:
        return bool(text.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _is_japanese(text: str) -> bool:
    return not re.search("[\uff61-\uff9f\ue000-\uf8ff]", text)


_KNOWN: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("GB18030", "gb18030", _is_chinese),
    ("Shift-JIS", "cp932", _is_japanese),
    ("Windows-1251", "cp1251", _is_cyrillic),
    ("Windows-1250", "cp1250", _is_latin),
    ("Windows-1252", "cp1252", _is_latin),
)


def _name_encoding(data: bytes) -> str:
    """Return the names of the encodings in which the text would make sense."""
    names: list[str] = []
    for name, codec, is_likely in _KNOWN:
        try:
            if is_likely(data.decode(codec)):
                names.append(name)
        except UnicodeDecodeError:
            continue
    return " or ".join(names) if names else "none of " + ", ".join(name for name, *_ in _KNOWN)
