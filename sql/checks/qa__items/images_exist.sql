-- Every question is about kept pictures, and about at least one.
select q.item_id, q.template, q.image_ids
from qa__items as q
where
    len(q.image_ids) = 0
    or exists (
        select 1
        from unnest(q.image_ids) as u (image_id)
        where u.image_id not in (select image_id from dedup__images)
    )
order by q.item_id
