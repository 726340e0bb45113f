-- severity: warn
-- No inspection was rejected. What is still undecided, and on how many images, is in the table.
select inspection, judged_field, right_share, right_lower, target_share, judged_count, drawn_count
from review__inspections
where acceptance = 'rejected'
order by inspection, judged_field
