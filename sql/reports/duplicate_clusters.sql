-- Clusters of near-duplicates by their number of images, and the copies among them.
select pictures as images_in_cluster, count(*) as clusters, sum(occurrences)::bigint as files
from duplicates
group by pictures
order by pictures
