-- Every labelled image is a kept one.
select distinct e.image_id
from labels__emotions as e
where e.image_id not in (select image_id from dedup__images)
order by e.image_id
