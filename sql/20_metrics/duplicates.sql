-- One row per cluster of more than one image, or image with exact copies.
--
-- pictures: Distinct images of the cluster
-- kept_pictures: Images of the cluster that are kept
-- occurrences: Records with these images, exact copies included
-- widest_distance_bits [bit]: Largest Hamming distance of a dropped image's hashes to the kept image
-- sources: Sources of each image of the cluster
-- paths: Paths of the images, each relative to its source's folder
select
    c.cluster_id,
    count(*) as pictures,
    count(*) filter (where c.is_kept) as kept_pictures,
    sum(i.occurrence_count)::bigint as occurrences,
    max(c.distance_bits) as widest_distance_bits,
    list_sort(list_distinct(flatten(list(i.sources)))) as sources,
    list(i.path order by c.image_id) as paths
from dedup__clusters as c
inner join ingest__images as i on c.image_id = i.image_id
group by c.cluster_id
having count(*) > 1 or sum(i.occurrence_count) > 1
order by pictures desc, occurrences desc, c.cluster_id
