"""The server's own rule for the number of tokens of a request and of an answer.

`prices.py` knows the price of tokens.

- Text: one token per four bytes of UTF-8, rounded up, for each text of the conversation and for the
  reply's schema as compact JSON. The JSON around them is free.
- Image, OpenAI protocol: 85 at detail low. Otherwise the image is fitted into 2048 x 2048 pixels,
  its shorter side is reduced to 768, and it costs 85 + 170 per started tile of 512 x 512 (the rule
  that OpenAI published for gpt-4o).
- Image, Gemini protocol: 258 if both sides have at most 384 pixels, else 258 per started tile of
  768 x 768 (the rule that Google published for Gemini 2).
- Generated image: one output token per 256 pixels, beside the price of the image itself.
- Output: one token per four bytes of UTF-8 of the reply, rounded up, never more than the request
  allows.
"""

import binascii
import math
from io import BytesIO

from PIL import Image

from resources.local_server.asked import Asked, Problem, SentPicture, Tokens

_HEAD = 4096  # characters of base64; a multiple of four
_FORMATS = ("JPEG", "PNG", "WEBP")


def text_tokens(text: str) -> int:
    """Return the tokens of a text."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return (size + 3) // 4


def openai_picture_tokens(width: int, height: int, detail: str) -> int:
    """Return the tokens of an image with this many pixels, OpenAI protocol."""
    if detail == "low":
        return 85
    fitted = min(1.0, 2048 / max(width, height))
    scale = fitted * min(1.0, 768 / (min(width, height) * fitted))
    return 85 + 170 * math.ceil(width * scale / 512) * math.ceil(height * scale / 512)


def gemini_picture_tokens(width: int, height: int) -> int:
    """Return the tokens of an image with this many pixels, Gemini protocol."""
    if max(width, height) <= 384:
        return 258
    return 258 * math.ceil(width / 768) * math.ceil(height / 768)


def picture_tokens(provider: str, picture: SentPicture) -> int:
    """Return the tokens of an image as it was sent.

    Raises:
        Problem: The bytes are not a JPEG, PNG or WebP file.
    """
    width, height = picture_size(picture)
    if provider == "local_gemini":
        return gemini_picture_tokens(width, height)
    return openai_picture_tokens(width, height, picture.detail)


def picture_size(picture: SentPicture) -> tuple[int, int]:
    """Return width and height in pixels.

    Of a JPEG or PNG file only the start is decoded, unless long metadata precedes the size; Pillow
    needs a WebP file whole.

    Raises:
        Problem: The bytes are not a JPEG, PNG or WebP file.
    """
    size = _size(_decode(picture.base64[:_HEAD]))
    if size is None and len(picture.base64) > _HEAD:
        size = _size(_decode(picture.base64))
    if size is None:
        raise Problem("picture_rejected", "A picture is not a JPEG, PNG or WebP file.")
    return size


def count_tokens(asked: Asked) -> Tokens:
    """Return the tokens of a request that has no answer yet.

    Raises:
        Problem: One of the images is not an image.
    """
    texts = sum(map(text_tokens, asked.texts)) + text_tokens(asked.schema_text)
    pictures = sum(picture_tokens(asked.provider, picture) for picture in asked.pictures)
    return Tokens(texts, pictures, 0)


def picture_bytes(picture: SentPicture) -> bytes:
    """Return the bytes of the image file.

    Raises:
        Problem: The text is not base64.
    """
    return _decode(picture.base64)


def _decode(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.replace("-", "+").replace("_", "/"))
    except (binascii.Error, ValueError):
        raise Problem("picture_rejected", "A picture is not base64.") from None


def _size(data: bytes) -> tuple[int, int] | None:
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as opened:
            return opened.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
