-- A revision is of round 2 or later, and its annotator answered in an earlier round.
select c.image_id, c.annotator, c."round"
from _critic__replies as c
where
    c."round" < 2
    or not exists (
        select 1
        from annotation__replies as p
        where p.image_id = c.image_id and p.annotator = c.annotator and p."round" < c."round"
    )
order by c.image_id, c.annotator, c."round"
