-- Studies in a small form: each arm's score with its 95 % interval and its tested difference.
select study, tested_on, arm, number, value, lower, upper, score_unit, items, clusters, train_count, reference_arm, difference, p, published, note
from studies
where status = 'ok'
order by study, tested_on, number, arm
