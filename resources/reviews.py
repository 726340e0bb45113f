"""What people said in the review tool, for the assets.

The store itself is `eemo_pipeline/web/`; reading it changes nothing, also while people are at work.
"""

import os
from contextlib import closing
from typing import Any

import dagster as dg

from eemo_pipeline.lake.data_root import DataRoot
from eemo_pipeline.web.database import VARIABLE, ReviewDatabase
from eemo_pipeline.web.event_log import find_end
from eemo_pipeline.web.votes import Votes, read_votes


class Reviews:
    """The review database of a data root, which need not exist yet."""

    def __init__(self, root: DataRoot) -> None:
        """Read from the database that EEMO_REVIEW_URL names, else `review.sqlite`."""
        self._place = os.environ.get(VARIABLE) or root.review

    def read(self) -> Votes:
        """Return the answers that stand; none where nobody has been asked.

        Raises:
            ReviewStoreProblem: the database cannot be opened.
        """
        if self._is_missing():
            return Votes()
        with closing(ReviewDatabase(self._place)) as database, database.reading() as connection:
            return read_votes(connection)

    def find_last_event(self) -> int:
        """Return the number of the last thing that a person did, 0 where there is none.

        Raises:
            ReviewStoreProblem: the database cannot be opened.
        """
        if self._is_missing():
            return 0
        with closing(ReviewDatabase(self._place)) as database, database.reading() as connection:
            return find_end(connection)[0]

    def _is_missing(self) -> bool:
        return not isinstance(self._place, str) and not self._place.exists()


class ReviewsResource(dg.ConfigurableResource):
    """Gives assets the answers of the review tool."""

    data_root: dg.ResourceDependency[DataRoot]

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """Return the reader; nothing is opened before it is used."""
        return Reviews(self.data_root)
