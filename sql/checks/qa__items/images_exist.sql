-- Every question is about kept pictures, one or two different ones, and none of an evaluation dataset.
with shown as (
    select item_id, template, image_ids, unnest(image_ids) as image_id
    from qa__items
)

select s.item_id, s.template, s.image_ids
from shown as s
left join dedup__images as d on s.image_id = d.image_id
where d.image_id is null or d.is_evaluation
union all
select item_id, template, image_ids
from qa__items
where len(image_ids) not in (1, 2) or image_ids[1] = image_ids[2]
order by 1
