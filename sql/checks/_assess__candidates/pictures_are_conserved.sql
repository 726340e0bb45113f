-- Every kept image has one row per task, and no other image has any.
with expected as (
    select d.image_id, t.task
    from dedup__images as d
    cross join unnest(['ranking', 'vad', 'dominant_emotion']) as t (task)
)

select
    coalesce(e.image_id, c.image_id) as image_id,
    coalesce(e.task, c.task) as task,
    e.image_id is not null as is_expected,
    count(c.image_id) as found_rows
from expected as e
full join _assess__candidates as c on e.image_id = c.image_id and e.task = c.task
group by all
having not is_expected or found_rows <> 1
order by 1, 2
