"""Images as people see them: decoded in a child process with limits, and encoded anew.

The bytes of a dataset's file never reach a browser: the view is a JPEG of the upright first frame
in sRGB, without metadata. A view is looked up by its image_id, never by a path.
"""

import threading
from collections import OrderedDict
from pathlib import Path

from eemo_pipeline.execution.process_pool import WorkerCrash, Workers
from eemo_pipeline.imaging.jpeg_views import encode_view

SIZES_PX = {"large": 1280, "small": 320}  # the longer side
_CACHED = 128


class NoView(Exception):
    """The image cannot be shown; the message is the reason."""


class ImageViews:
    """Makes views, and keeps the latest of them."""

    def __init__(self) -> None:
        """Start no process before the first view is asked for."""
        self._workers = Workers(1)
        self._one_at_a_time = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def find(self, path: Path, image_id: str, long_side: int) -> bytes:
        """Return the view of an image as JPEG.

        Raises:
            NoView: the file is gone, changed, damaged, or takes too long.
        """
        key = (image_id, long_side)
        with self._one_at_a_time:
            if key not in self._kept:
                ((_, view),) = self._workers.map(encode_view, [(path, image_id, long_side)])
                if isinstance(view, WorkerCrash):
                    raise NoView(view.reason)
                if isinstance(view, str):
                    raise NoView(view)
                self._kept[key] = view
                if len(self._kept) > _CACHED:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def close(self) -> None:
        """End the child process."""
        self._workers.close()
