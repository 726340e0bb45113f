-- A revision is of round 2 or later, and its annotator answered in the round before.
select c.image_id, c.annotator, c."round"
from _critic__replies as c
left join (
    select image_id, annotator, "round" from annotation__replies
    union all
    select image_id, annotator, "round" from _critic__replies
) as p on c.image_id = p.image_id and c.annotator = p.annotator and c."round" = p."round" + 1
where c."round" < 2 or p.image_id is null
order by c.image_id, c.annotator, c."round"
