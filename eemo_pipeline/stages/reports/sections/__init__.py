"""The sections of the report, in the order of the page."""

from eemo_pipeline.stages.reports.section import Section
from eemo_pipeline.stages.reports.sections import content, judges, labels, yield_and_cost

SECTIONS: tuple[Section, ...] = (
    *labels.SECTIONS,
    *judges.SECTIONS,
    *yield_and_cost.SECTIONS,
    *content.SECTIONS,
)
