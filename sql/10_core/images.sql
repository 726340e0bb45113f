-- One row per kept image: its file, its split, what people say it evokes, and its record.
--
-- dominant_emotion_ekman7: The strongest of Ekman's seven emotions by people's labels, null on a tie
-- ranking_ekman7: Ekman's emotions from strongest to weakest by people's labels
-- vad_origin: Where valence, arousal and dominance come from: rated or lexicon, and the source
-- record_emotion_mikels8: Emotion of the record, one of Mikels' eight; models and people decided it
-- record_confidence: Confidence of the record's emotion, 0 to 10
-- record_intensity_level: Intensity of the record's emotion in a word
-- record_state: State of the record: preserved, plural, left to a human, or dropped
-- record_reason: Code of the reason for the record's state
-- image_path: Path of the image file, relative to the folder of eemo.duckdb
select
    i.image_id,
    i.source,
    i.path,
    'sources/' || i.source || '/' || i.path as image_path,
    i.sources,
    i.occurrence_count,
    i.split,
    i.cluster_id,
    i.width_px,
    i.height_px,
    k.dominant_emotion as dominant_emotion_ekman7,
    k.ranking as ranking_ekman7,
    v.valence,
    v.arousal,
    v.dominance,
    v.origin as vad_origin,
    r.emotion as record_emotion_mikels8,
    r.confidence as record_confidence,
    r.intensity_level as record_intensity_level,
    r.state as record_state,
    r.reason as record_reason
from dedup__images as i
left join labels__rankings as k on i.image_id = k.image_id
left join labels__vad as v on i.image_id = v.image_id and v.is_best
left join records__emoverse as r on i.image_id = r.image_id
