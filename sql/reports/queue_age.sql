-- Tasks that wait for people, by queue, and for how long: days are counted to the newest day in the tables.
with days as (
    select max(day) as latest
    from (
        select day from review__waiting
        union all
        select substr(voted_at, 1, 10) from review__votes where voted_at is not null
        union all
        select day from costs__days
    )
)

select
    w.queue,
    sum(w.open_task_count)::bigint as waiting,
    min(w.day) as oldest_since,
    max(date_diff('day', w.day::date, d.latest::date)) as oldest_days,
    round(sum(w.open_task_count * date_diff('day', w.day::date, d.latest::date)) / sum(w.open_task_count), 1) as mean_days
from review__waiting as w
cross join days as d
group by w.queue
order by w.queue
