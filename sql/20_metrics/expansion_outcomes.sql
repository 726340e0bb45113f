-- One row per step of the expansion and outcome: what was asked for, and what became of it.
--
-- step: Step of the expansion: query, collected row, generated image, or child
-- outcome: ok, or the code of the reason against it; for a child whether it evokes what was intended
-- rows: Number of queries, rows or images
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
