-- severity: warn
-- A trained model is more accurate than always answering the most frequent training emotion.
select run_id, job, test_count, accuracy, baseline_accuracy
from training__runs
where status = 'ok' and accuracy <= baseline_accuracy
order by run_id
