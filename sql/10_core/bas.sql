-- One row per kept image: the background, attribute and subject of its record, with the emotion.
--
-- emotion_mikels8: Emotion of the record, one of Mikels' eight
select
    image_id,
    source,
    split,
    background,
    attribute,
    subject,
    joined_triplet,
    emotion as emotion_mikels8,
    confidence,
    intensity_level,
    state,
    is_contested,
    region_count,
    image_path
from records__emoverse
