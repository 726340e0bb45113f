"""The image generator role: makes one image from one prompt.

A generator is given the prompt, the size and the seed. What comes back is kept as it came, before
anything looks at it: it is paid for. Whether it is an image, and one that may be used, is judged in
`stages/expansion/generated_images.py`.
"""

from pathlib import Path
from typing import Protocol

import polars as pl

from eemo_pipeline.ledger.answered_table import AnsweredTable

ROLE, STAGE = "generator", "expansion"


class Generator(Protocol):
    """Makes images from prompts."""

    @property
    def provider(self) -> str:
        """The provider that bills the images; "embedded" if they are made locally, free."""
        ...

    @property
    def model(self) -> str:
        """Model and version; part of the ledger's key."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the wanted images, in px."""
        ...

    def place(self, image_id: str) -> Path:
        """Return the file that holds what came back, by the SHA-256 of its bytes."""
        ...

    def generate(self, prompts: pl.DataFrame) -> AnsweredTable:
        """Ask for the image of every prompt; answers come from the ledger where it has them.

        Args:
            prompts: rows of `expansion__prompts`.

        Returns:
            In the order of the prompts: `status` ("ok", "refused", or "error" where another run
            may succeed), `reason`, and `image_id`, the SHA-256 of the file that came back.
        """
        ...
