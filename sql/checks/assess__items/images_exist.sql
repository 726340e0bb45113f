-- Every item is about a kept picture, and in that picture's split.
select a.item_id, a.task, a.image_id, a.split, d.split as picture_split
from assess__items as a
left join dedup__images as d on a.image_id = d.image_id
where d.image_id is null or a.split <> d.split
order by a.item_id
