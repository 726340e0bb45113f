-- A question is in the split of every picture it shows, so no cluster is asked about in two splits.
select q.item_id, q.template, q.split, u.image_id, d.split as picture_split
from qa__items as q
cross join unnest(q.image_ids) as u (image_id)
inner join dedup__images as d on u.image_id = d.image_id
where q.split <> d.split
order by q.item_id, u.image_id
