-- severity: warn
-- Every Mikels emotion dominates at least ten images; with fewer, no model of it can be fitted or
-- scored.
with dominated as (
    select image_id, max_by(emotion, mass) as emotion
    from labels__emotions
    where taxonomy = 'mikels8'
    group by image_id
)

select e.emotion, count(d.image_id) as pictures
from unnest([
    'amusement', 'anger', 'awe', 'contentment', 'disgust', 'excitement', 'fear', 'sadness'
]) as e (emotion)
left join dominated as d on e.emotion = d.emotion
group by e.emotion
having pictures < 10
order by pictures, e.emotion
