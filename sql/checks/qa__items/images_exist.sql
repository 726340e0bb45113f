-- Every question is about one or two different kept images, none of an evaluation dataset.
select q.item_id, q.template, q.image_ids
from qa__items as q
left join dedup__images as a on hash(q.image_ids[1]) = hash(a.image_id)
left join dedup__images as b on hash(q.image_ids[2]) = hash(b.image_id)
where
    len(q.image_ids) not in (1, 2)
    or q.image_ids[1] = q.image_ids[2]
    -- a missing image gives null, which must count as wrong
    or a.is_evaluation is distinct from false
    or (len(q.image_ids) = 2 and b.is_evaluation is distinct from false)
order by q.item_id
