-- Verdicts of the critic by round and field.
select round, field, verdict, count(*) as images
from critic
group by round, field, verdict
order by round, field, verdict
