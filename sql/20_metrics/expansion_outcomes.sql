-- One row per step of the expansion and outcome: what was asked for, and what became of it.
select 'query' as step, coalesce(reason, 'ok') as outcome, count(*) as rows
from expansion__queries
group by all
union all
select 'collected row', coalesce(reason, 'ok'), count(*)
from expansion__collected_rows
group by all
union all
select 'generated image', coalesce(reason, 'ok'), count(*)
from expansion__images
group by all
union all
select 'child', coalesce(reason, case when is_match then 'match' else 'no_match' end), count(*)
from expansion__children
group by all
order by step, rows desc, outcome
