-- How does the trained classifier compare with always guessing the commonest emotion?
select job, status, reason, train_count, test_count, accuracy, macro_f1, baseline_accuracy
from training__runs
order by run_id
