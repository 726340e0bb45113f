-- The experiment with deliberately wrong values: shares of each arm with their 95 % intervals.
select experiment, arm, part, metric, value, lower_bound, upper_bound, image_count as images
from ablation__scores
where severity = 'all' and metric in ('recall', 'false_repair', 'repair_success') and part = 'emotion'
order by experiment, arm, metric
