-- Every item is about a kept image, and in that image's split.
select a.item_id, a.task, a.image_id, a.split, d.split as picture_split
from assess__items as a
left join dedup__images as d on a.image_id = d.image_id
where d.image_id is null or a.split <> d.split
order by a.item_id
