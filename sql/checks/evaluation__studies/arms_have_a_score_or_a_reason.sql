-- An arm of a study has a score, counted items and, beside a reference, a difference; or it says why
-- it could not be tried.
select study, tested_on, study_arm, number, study_seed, status, reason, score_value, counted_items
from evaluation__studies
where
    (status = 'ok' and (score_value is null or counted_items is null or counted_items = 0))
    or (status = 'ok' and reference_arm is not null and arm_difference is null)
    or (status = 'missing' and (reason is null or score_value is not null))
    or status not in ('ok', 'missing')
order by study, tested_on, study_arm, number, study_seed
