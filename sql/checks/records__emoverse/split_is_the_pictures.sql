-- A record is in the split of its image.
select r.image_id, r.split, d.split as picture_split
from records__emoverse as r
inner join dedup__images as d on r.image_id = d.image_id
where r.split <> d.split
order by r.image_id
