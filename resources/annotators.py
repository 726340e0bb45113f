"""Which annotators a run asks.

Belongs here: the choice, one line per annotator. Does not belong here: any annotator; the
embedded ones are in `eemo_pipeline/annotation/`, each model provider will be a file beside this.
"""

from typing import Any

import dagster as dg

from eemo_pipeline.annotation.embedded import embedded_annotators
from eemo_pipeline.replies import Annotator
from eemo_pipeline.workers import Workers


class Annotators:
    """The annotators of a run, in the order in which they are asked."""

    def __init__(self, members: tuple[Annotator, ...]) -> None:
        """Hold the annotators; their names must differ."""
        self.members = members


class AnnotatorsResource(dg.ConfigurableResource):
    """Builds the embedded annotators; they need no key, no download and no GPU."""

    workers: dg.ResourceDependency[Workers]

    def create_resource(self, context: dg.InitResourceContext) -> Any:  # noqa: ARG002
        """The two embedded annotators."""
        return Annotators(embedded_annotators(self.workers))
