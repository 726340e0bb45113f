-- One row per annotation by people, with the image's split; split is null where a near-duplicate
-- was kept.
select
    a.image_id,
    i.split,
    a.source,
    a.record_id,
    a.annotation_no,
    a.annotator_id,
    a.rater_count,
    a.semantics,
    a.label_space,
    a.native_labels,
    a.native_weights,
    a.native_valence,
    a.native_arousal,
    a.native_dominance,
    a.scale_min,
    a.scale_max,
    a.comment
from ingest__annotations as a
left join dedup__images as i on a.image_id = i.image_id
