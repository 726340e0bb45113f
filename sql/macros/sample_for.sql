-- Images dominated by an emotion, drawn by a hash: the same seed draws the same images on every
-- machine: sample_for(emotion, n, seed). Option: taxonomy := 'mikels8' or 'ekman7'.
(emotion, n, seed, taxonomy := 'mikels8') as table
select e.image_id, e.source, e.split, e.mass, i.image_path
from emotions as e
inner join images as i on e.image_id = i.image_id
where e.emotion = emotion and e.taxonomy = taxonomy and e.emotion_rank = 1 and not e.is_tied
order by md5(seed || ':' || e.image_id), e.image_id
limit n
