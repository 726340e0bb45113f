-- Every image that shares a cluster has an edge that says why.
with shared as (
    select image_id from dedup__clusters
    qualify count(*) over (partition by cluster_id) > 1
)

select s.image_id
from shared as s
where not exists (
    select 1 from dedup__edges as e where s.image_id in (e.image_id, e.other_image_id)
)
order by 1
