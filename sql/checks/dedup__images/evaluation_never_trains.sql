-- No image of an evaluation dataset, and no near-duplicate of one, is outside the test split.
with evaluation as (
    select distinct clusters.cluster_id
    from ingest__images as images
    cross join unnest(images.sources) as origin(source)
    join sources__datasets as datasets
        on datasets.source = origin.source and datasets.role = 'evaluation'
    join dedup__clusters as clusters
        on clusters.image_id = images.image_id
)

select
    kept.image_id,
    kept.cluster_id,
    kept.split,
    kept.sources
from dedup__images as kept
join evaluation
    on evaluation.cluster_id = kept.cluster_id
where kept.split <> 'test' or not kept.is_evaluation
