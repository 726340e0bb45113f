-- Every rated image is a kept one.
select distinct v.image_id
from labels__vad as v
where v.image_id not in (select image_id from dedup__images)
order by v.image_id
