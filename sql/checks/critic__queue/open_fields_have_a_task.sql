-- Every field that is open in an image's latest round has a task, and no other field has one; a
-- dropped image has none.
with latest as (
    select image_id, field, verdict
    from critic__verdicts
    qualify "round" = max("round") over (partition by image_id)
),

dropped as (
    select image_id
    from latest
    group by image_id
    having
        bool_or(field = 'emotion' and verdict = 'discarded')
        or count(*) filter (
            where verdict = 'discarded'
            and field in ('description', 'background', 'attribute', 'subject', 'box')
        ) >= 3
),

expected as (
    select image_id, field
    from latest
    where
        verdict in ('revisable', 'unjudged')
        and image_id not in (select image_id from dropped)
)

select
    coalesce(e.image_id, q.image_id) as image_id,
    coalesce(e.field, q.field) as field,
    e.image_id is not null as is_open,
    q.image_id is not null as has_task
from expected as e
full join critic__queue as q on e.image_id = q.image_id and e.field = q.field
where e.image_id is null or q.image_id is null
order by 1, 2
