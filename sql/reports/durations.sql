-- Seconds that an answer takes, by phase and field.
select
    phase,
    reviewed_field,
    count(*) as answers,
    round(median(duration_s), 2) as median_s,
    round(quantile_cont(duration_s, 0.9), 2) as slowest_tenth_from_s
from review__votes
where duration_s is not null
group by phase, reviewed_field
order by phase, reviewed_field
