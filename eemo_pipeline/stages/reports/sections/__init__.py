"""The sections of the report, in the order of the page."""

from eemo_pipeline.stages.reports.section import Section
from eemo_pipeline.stages.reports.sections import content, judges, labels, studies, yield_and_cost

# Labels, judges, yield and cost, content: the plots of a report on an affective dataset, and after
# them what is only there once models were measured or the dataset was grown.
_LAST = ("calibration", "leaderboard", "studies", "expansion")
_EVERY = (
    *labels.SECTIONS,
    *judges.SECTIONS,
    *studies.SECTIONS,
    *yield_and_cost.SECTIONS,
    *content.SECTIONS,
)
SECTIONS: tuple[Section, ...] = (
    *(section for section in _EVERY if section.name not in _LAST),
    *(section for section in _EVERY if section.name in _LAST),
)
