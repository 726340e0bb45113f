-- Without a model there are no rows; with one, every image has exactly one.
select coalesce(i.image_id, e.image_id) as image_id
from ingest__images as i
full join _dedup__embeddings as e on e.image_id = i.image_id
where
    (i.image_id is null or e.image_id is null)
    and (select count(*) from _dedup__embeddings) > 0
order by 1
