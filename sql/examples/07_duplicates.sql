-- Which images are copies of one another?
select cluster_id[:12] as cluster, pictures, occurrences, widest_distance_bits, sources, paths
from duplicates
limit 20
