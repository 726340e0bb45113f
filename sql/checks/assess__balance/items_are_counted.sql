-- For each task, the selected count equals the number of items and does not exceed the available
-- count.
with counted as (
    select
        task,
        sum(selected_count) as selected,
        bool_or(selected_count > available_count) as is_too_many
    from assess__balance
    group by task
),

made as (
    select task, count(*) as items
    from assess__items
    group by task
)

select
    coalesce(c.task, m.task) as task,
    coalesce(c.selected, 0) as selected,
    coalesce(m.items, 0) as items,
    coalesce(c.is_too_many, false) as is_too_many
from counted as c
full join made as m on c.task = m.task
where coalesce(c.selected, 0) <> coalesce(m.items, 0) or coalesce(c.is_too_many, false)
order by 1
