-- A question is in the split of every image it shows, so no cluster has questions in two splits.
select q.item_id, q.template, q.split, a.split as first_split, b.split as second_split
from qa__items as q
left join dedup__images as a on hash(q.image_ids[1]) = hash(a.image_id)
left join dedup__images as b on hash(q.image_ids[2]) = hash(b.image_id)
where q.split <> a.split or q.split <> b.split
order by q.item_id
