-- Every kept image has one first reply of every annotator, and no other image has any.
with expected as (
    select d.image_id, a.annotator
    from dedup__images as d
    cross join (
        select distinct annotator from annotation__replies
        union
        select null where not exists (from annotation__replies)
    ) as a
)

select
    coalesce(e.image_id, r.image_id) as image_id,
    coalesce(e.annotator, r.annotator) as annotator,
    e.image_id is not null as is_kept,
    count(r.image_id) as replies
from expected as e
full join annotation__replies as r on e.image_id = r.image_id and e.annotator = r.annotator
group by all
having not is_kept or replies <> 1
order by 1, 2
