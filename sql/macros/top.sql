-- The images in which an emotion has the most mass by people's labels: top(emotion).
-- Options: n := 10, taxonomy := 'mikels8' or 'ekman7'.
(emotion, n := 10, taxonomy := 'mikels8') as table
select e.image_id, e.source, e.split, e.mass, e.rater_count, i.image_path
from emotions as e
inner join images as i on e.image_id = i.image_id
where e.emotion = emotion and e.taxonomy = taxonomy
order by e.mass desc, e.rater_count desc nulls last, e.image_id
limit n
