-- Blind ratings by the hour of the day at which they were given, UTC.
select
    reviewed_field,
    substr(voted_at, 12, 2)::integer as hour,
    count(*) as ratings,
    round(avg(rating), 4) as mean_rating
from review__votes
where phase = 'blind' and rating is not null and is_counted and voted_at is not null
group by reviewed_field, hour
order by reviewed_field, hour
