-- One row per source, kind of annotation and reason: how many annotations were used, or why not,
-- and their share of the kind.
--
-- share [share]: Share of the annotations of the source and kind
select
    source,
    kind,
    reason,
    annotation_count,
    image_count,
    round(annotation_count / sum(annotation_count) over (partition by source, kind), 4) as share
from _labels__coverage
order by source, kind, annotation_count desc, reason
