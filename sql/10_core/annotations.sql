-- One row per annotation by people, with the image kept for its own, and that image's split.
--
-- split: Part of the dataset that the kept image is in; null where no image was kept
select
    a.image_id,
    c.kept_image_id,
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
left join dedup__clusters as c on a.image_id = c.image_id
left join dedup__images as i on c.kept_image_id = i.image_id
