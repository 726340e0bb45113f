-- All images of a cluster are in one split.
select cluster_id, count(distinct split) as splits, list(image_id order by image_id) as image_ids
from dedup__images
group by cluster_id
having splits > 1
order by cluster_id
