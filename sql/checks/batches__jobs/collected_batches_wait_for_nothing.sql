-- A batch is collected when none of its rows is waiting and its state is final.
select *
from batches__jobs
where
    is_collected <> (batch_state not in ('intended', 'open'))
    or (is_collected and waiting_count > 0)
    or (batch_state = 'intended' and waiting_count < row_count)
order by batch_id
