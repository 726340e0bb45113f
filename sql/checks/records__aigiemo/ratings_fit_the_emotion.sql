-- severity: warn
-- People's mean ratings lie within 2.5 steps of those usual for the emotion that they name.
select image_id, emotion, rating_gap, felt_valences, felt_arousals
from records__aigiemo
where rating_gap > 2.5
order by image_id
