-- Every kept image has one reply of every verifier, and no other image has any.
with expected as (
    select d.image_id, a.verifier
    from dedup__images as d
    cross join (
        select distinct verifier from verification__replies
        union
        select null where not exists (from verification__replies)
    ) as a
)

select
    coalesce(e.image_id, r.image_id) as image_id,
    coalesce(e.verifier, r.verifier) as verifier,
    e.image_id is not null as is_kept,
    count(r.image_id) as replies
from expected as e
full join verification__replies as r on e.image_id = r.image_id and e.verifier = r.verifier
group by all
having not is_kept or replies <> 1
order by 1, 2
