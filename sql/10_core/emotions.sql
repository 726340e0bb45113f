-- One row per kept image, taxonomy and emotion with mass, strongest first by emotion_rank.
select
    e.image_id,
    i.source,
    i.split,
    e.taxonomy,
    e.emotion,
    e.mass,
    e.lost_mass,
    e.rater_count,
    rank() over (
        partition by e.image_id, e.taxonomy order by e.mass desc
    ) as emotion_rank,
    count(*) over (
        partition by e.image_id, e.taxonomy, e.mass
    ) > 1 as is_tied
from labels__emotions as e
inner join dedup__images as i on e.image_id = i.image_id
