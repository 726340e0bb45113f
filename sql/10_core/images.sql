-- One row per kept image: its path, its split, its evoked emotions, and its record.
select
    i.image_id,
    i.source,
    i.path,
    i.sources,
    i.occurrence_count,
    i.split,
    i.cluster_id,
    i.width_px,
    i.height_px,
    k.dominant_emotion,
    k.ranking,
    v.valence,
    v.arousal,
    v.dominance,
    v.origin as vad_origin,
    r.emotion as record_emotion,
    r.confidence as record_confidence,
    r.intensity_level as record_intensity_level,
    r.state as record_state,
    r.reason as record_reason
from dedup__images as i
left join labels__rankings as k on i.image_id = k.image_id
left join labels__vad as v on i.image_id = v.image_id and v.is_best
left join records__emoverse as r on i.image_id = r.image_id
