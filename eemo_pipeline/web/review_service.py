"""What the requests of one review server share: the database, the images, the queue's state."""

import contextlib
import threading
import time
from collections import deque

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web import people
from eemo_pipeline.web.database import ReviewDatabase
from eemo_pipeline.web.guidelines import (
    GuidelinesProblem,
    find_guidelines_stamp,
    read_guidelines,
    record_guidelines,
)
from eemo_pipeline.web.image_views import ImageViews
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.quality import Quality, measure
from eemo_pipeline.web.queue_import import NoQueue, find_stamp, import_queue
from eemo_pipeline.web.sittings import Sittings

_FAILURES, _WINDOW_S = 5, 60.0
_FRESH_S = 5.0  # how often a new queue is looked for


class ReviewService:
    """The reviews of a data root; used by many requests at once."""

    def __init__(self, database: ReviewDatabase, root: DataRoot, port: int) -> None:
        """Serve `database`, whose images lie in `root`.

        Raises:
            GuidelinesProblem: the data root has guidelines that cannot be used.
        """
        self.database = database
        self.root = root
        # A cookie belongs to a host, not to a port; the name keeps servers apart.
        self.cookie = f"eemo_review_{port}"
        self.views = ImageViews()
        self.sittings = Sittings()
        self._stamp = find_stamp(root)
        self._guide_stamp = find_guidelines_stamp(root)
        self.guidelines = read_guidelines(root)
        record_guidelines(database, self.guidelines)
        self._looked_at = time.monotonic()
        self._looking = threading.Lock()
        self._measured: Quality | None = None
        self._measured_at = 0.0
        self._measuring = threading.Lock()
        self._failures: deque[float] = deque(maxlen=_FAILURES)

    def refresh(self) -> None:
        """Take in a new queue and new guidelines; look every few seconds at most."""
        with self._looking:
            now = time.monotonic()
            if now - self._looked_at < _FRESH_S:
                return
            self._looked_at = now
            stamp = find_stamp(self.root)
            if stamp and stamp != self._stamp:
                with contextlib.suppress(NoQueue):  # it is being written
                    import_queue(self.database, self.root)
                    self._stamp = stamp
            self._refresh_guidelines()

    def _refresh_guidelines(self) -> None:
        stamp = find_guidelines_stamp(self.root)
        if stamp != self._guide_stamp:
            with contextlib.suppress(GuidelinesProblem):  # the former stay in use
                self.guidelines = read_guidelines(self.root)
                record_guidelines(self.database, self.guidelines)
            self._guide_stamp = stamp

    def measure(self) -> Quality:
        """Return the numbers of quality, a few seconds old at most."""
        with self._measuring:
            if self._measured is None or time.monotonic() - self._measured_at > _FRESH_S:
                self._measured = measure(self.database)
                self._measured_at = time.monotonic()
            return self._measured

    def log_in(self, token: str) -> str:
        """Return the secret of a new session.

        Raises:
            Refused: the link does not work, or there were too many that did not.
        """
        now = time.monotonic()
        if sum(now - at < _WINDOW_S for at in self._failures) >= _FAILURES:
            raise Refused(429, "too_many_failures", "too many wrong links", "wait a minute")
        secret = people.log_in(self.database, token)
        if secret is None:
            self._failures.append(now)
            raise Refused(
                401, "link_used", "this link has been used, or is wrong", "ask for a new one"
            )
        return secret
