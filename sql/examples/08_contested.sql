-- Which records need a person, and why?
select image_id[:12] as image, emotion, confidence, state, reason
from records__emoverse
where state = 'human' or is_contested
order by confidence nulls first, image_id
limit 20
