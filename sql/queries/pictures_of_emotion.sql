-- Kept images with most of their mass on one emotion. Parameters: $emotion, $taxonomy.
select image_id, source, split, mass, rater_count
from emotions
where emotion = $emotion and taxonomy = $taxonomy and emotion_rank = 1 and not is_tied
order by mass desc, image_id
