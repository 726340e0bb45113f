-- A record has one region per box, and no other image has any.
with counted as (
    select image_id, count(*) as regions
    from records__regions
    group by image_id
)

select
    coalesce(r.image_id, c.image_id) as image_id,
    len(r.boxes_px) // 4 as boxes,
    coalesce(c.regions, 0) as regions
from records__emoverse as r
full join counted as c on r.image_id = c.image_id
where coalesce(len(r.boxes_px) // 4, 0) <> coalesce(c.regions, 0)
order by 1
