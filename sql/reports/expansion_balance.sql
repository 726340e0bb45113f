-- Balance of the emotions and coverage of rare triplets, before and after.
select scope, image_count as images, share_range_points, triplet_count as triplets, tail_coverage
from expansion__balance
order by scope
