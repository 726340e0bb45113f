-- One row per pair of sources that share near-duplicates: the number of shared clusters, and of
-- those with an evaluation dataset.
--
-- source: One of the two sources
-- other_source: The other source, later in the alphabet
-- clusters: Clusters of near-duplicates with images of both
-- evaluation_clusters: Of these, those in which one of the two is an evaluation dataset
with members as (
    select distinct
        clusters.cluster_id,
        datasets.source,
        datasets.role = 'evaluation' as is_evaluation
    from ingest__images as images
    cross join unnest(images.sources) as origin (source)
    join dedup__clusters as clusters
        on clusters.image_id = images.image_id
    join sources__datasets as datasets
        on datasets.source = origin.source
)

select
    one.source,
    other.source as other_source,
    count(*) as clusters,
    count(*) filter (where one.is_evaluation or other.is_evaluation) as evaluation_clusters
from members as one
join members as other
    on other.cluster_id = one.cluster_id and other.source > one.source
group by one.source, other.source
order by clusters desc, one.source, other.source
