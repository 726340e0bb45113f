-- Every call has one outcome: answered, declined, malformed, limited or failed.
select *
from costs__calls
where
    call_count <> answered_count + declined_count + malformed_count + limited_count + failed_count
    or retry_count > call_count
    or estimated_count + unpriced_count > call_count
order by stage, model_role, provider, model
