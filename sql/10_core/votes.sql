-- One row per image, person, phase and field: what was answered in the review tool.
select
    v.image_id,
    i.source,
    i.split,
    v.rater_id,
    v.phase,
    v.reviewed_field,
    v.queue,
    v.vote,
    v.said_json,
    v.rating,
    v.emotion_place,
    v.rating_input,
    v.draft_json,
    v.is_counted,
    v.duration_s,
    v.voted_at
from review__votes as v
left join dedup__images as i on v.image_id = i.image_id
