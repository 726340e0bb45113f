-- A run has an artefact with its hash and the measures of its job, or a reason for having none.
select
    run_id, job, status, reason, accuracy, macro_f1, baseline_accuracy, train_loss, "path", sha256
from training__runs
where
    (status = 'ok' and ("path" is null or sha256 is null))
    or (
        status = 'ok'
        and job in ('emotion_classifier', 'linear_probe')
        and (accuracy is null or macro_f1 is null or baseline_accuracy is null)
    )
    or (status = 'ok' and job in ('sft', 'grpo', 'des_head') and train_loss is null)
    or (status = 'ok' and job = 'grpo' and mean_reward is null)
    or (status <> 'ok' and reason is null)
order by run_id
