-- severity: warn
-- A trained model is more accurate than always answering the most frequent training emotion. Trials
-- of random weights are not judged.
select run_id, recipe, test_count, accuracy, baseline_accuracy
from training__runs
where status = 'ok' and accuracy <= baseline_accuracy and recipe not like '%.tiny'
order by run_id
