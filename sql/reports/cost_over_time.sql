-- What was spent until each day on which a provider was called or a person judged: USD, and hours of people.
with spent as (
    select day, sum(usd) as usd
    from costs__days
    group by day
),

worked as (
    select substr(voted_at, 1, 10) as day, sum(duration_s) / 3600 as hours
    from review__votes
    where voted_at is not null and duration_s is not null
    group by substr(voted_at, 1, 10)
)

select
    day,
    date_diff('day', min(day::date) over (), day::date) as days_since_first,
    round(coalesce(s.usd, 0), 6) as usd,
    round(sum(coalesce(s.usd, 0)) over (order by day), 6) as usd_so_far,
    round(coalesce(w.hours, 0), 4) as people_hours,
    round(sum(coalesce(w.hours, 0)) over (order by day), 4) as people_hours_so_far
from spent as s
full outer join worked as w using (day)
order by day
