-- A comparison is of two different kept images of one split, none of an evaluation dataset, and
-- occurs once per aspect.
with sides as (
    select first_image_id, second_image_id, aspect, unnest([first_image_id, second_image_id]) as image_id
    from texts__comparisons
),

placed as (
    select
        s.*,
        d.split,
        d.is_evaluation,
        count(*) over (partition by s.aspect, s.image_id) as uses,
        min(d.split) over (partition by s.aspect, s.first_image_id, s.second_image_id) as other_split
    from sides as s
    left join dedup__images as d on s.image_id = d.image_id
)

select distinct first_image_id, second_image_id, aspect, image_id, split, uses
from placed
where split is null or is_evaluation or uses > 1 or split <> other_split or first_image_id = second_image_id
order by all
