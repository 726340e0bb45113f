-- Parents and donors are training images, and none belongs to an evaluation dataset.
with used as (
    select prompt_id, unnest([parent_image_id, donor_image_id]) as image_id
    from expansion__prompts
)

select u.prompt_id, u.image_id, i.split, i.is_evaluation
from used as u
left join dedup__images as i on i.image_id = u.image_id
where i.image_id is null or i.split <> 'train' or i.is_evaluation
order by 1, 2
