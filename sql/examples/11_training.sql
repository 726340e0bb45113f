-- How well does the trained classifier do against always guessing the commonest emotion?
select job, status, reason, train_count, test_count, accuracy, macro_f1, baseline_accuracy
from training__runs
order by run_id
