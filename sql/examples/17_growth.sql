-- The balance of the dataset before and after its expansion.
select scope, image_count, share_range_points, share_variance, tail_coverage
from expansion__balance
order by image_count, scope
