-- Every row of a batch is answered, declined, malformed, failed, expired, not run or still waiting.
select *
from batches__jobs
where
    row_count
    <> answered_count + declined_count + malformed_count + failed_count + expired_count
    + not_run_count + waiting_count
order by batch_id
