-- Every distinct image has exactly one cluster, and every clustered image exists.
select image_id, i.image_id is not null as is_ingested, count(c.cluster_id) as clusters
from ingest__images as i
full join dedup__clusters as c using (image_id)
group by all
having not is_ingested or clusters <> 1
order by image_id
