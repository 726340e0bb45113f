-- A revision follows a round in which the critic judged a field of its image revisable.
select c.image_id, c.annotator, c."round"
from _critic__replies as c
where not exists (
    select 1
    from critic__verdicts as v
    where v.image_id = c.image_id and v."round" = c."round" - 1 and v.verdict = 'revisable'
)
order by c.image_id, c.annotator, c."round"
