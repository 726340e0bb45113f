-- Pairs of sources that share near-duplicates, and the clusters that hold an evaluation dataset.
select source, other_source, clusters, evaluation_clusters
from leaks
order by clusters desc, source, other_source
