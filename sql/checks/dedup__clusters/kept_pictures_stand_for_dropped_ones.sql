-- A dropped image names the kept one of its own cluster, and a kept one names itself.
select c.image_id, c.cluster_id, c.is_kept, c.kept_image_id
from dedup__clusters as c
left join dedup__clusters as k on c.kept_image_id = k.image_id
where
    k.image_id is null
    or not k.is_kept
    or k.cluster_id <> c.cluster_id
    or (c.is_kept and c.kept_image_id <> c.image_id)
order by c.image_id
