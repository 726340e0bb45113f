-- Native labels and their weights are lists of the same length.
select source, record_id, annotation_no, native_labels, native_weights
from ingest__annotations
where native_weights is not null and len(native_weights) is distinct from len(native_labels)
order by source, record_id, annotation_no
