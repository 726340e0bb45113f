-- Both images of an edge are in its cluster.
select e.image_id, e.other_image_id, e.tier
from dedup__edges as e
left join dedup__clusters as one on one.image_id = e.image_id
left join dedup__clusters as other on other.image_id = e.other_image_id
where
    one.cluster_id is distinct from e.cluster_id
    or other.cluster_id is distinct from e.cluster_id
    or e.image_id >= e.other_image_id
order by 1, 2, 3
