-- Measures of agreement and care from the review tool, with their 95 % intervals.
select measure, judged_field, estimate, estimate_lower, estimate_upper, counted
from review__agreement
where not is_too_few and estimate is not null
order by measure, judged_field
