-- One row per kept image, taxonomy and emotion with mass, strongest first by emotion_rank.
--
-- emotion: Emotion evoked in the viewer, in the words of the taxonomy of the row
-- emotion_rank: Place of the emotion by mass within image and taxonomy, from 1; equal masses share one
-- is_tied: Whether another emotion of the image and taxonomy has the same mass
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
