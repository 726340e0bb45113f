-- A run has scores and an artefact with its hash, or a reason for having none.
select run_id, job, status, reason, accuracy, macro_f1, baseline_accuracy, "path", sha256
from training__runs
where
    (
        status = 'ok'
        and (
            accuracy is null
            or macro_f1 is null
            or baseline_accuracy is null
            or "path" is null
            or sha256 is null
        )
    )
    or (status <> 'ok' and reason is null)
order by run_id
