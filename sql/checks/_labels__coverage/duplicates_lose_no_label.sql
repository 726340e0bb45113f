-- Annotations of a dropped near-duplicate count for the image that is kept.
select source, kind, annotation_count, image_count
from _labels__coverage
where reason = 'not_kept'
order by source, kind
