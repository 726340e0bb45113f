-- Every call has one outcome: answered, declined, malformed, limited, failed or unanswered.
select *
from costs__calls
where
    call_count
    <> answered_count + declined_count + malformed_count + limited_count + failed_count + unanswered_count
    or retry_count > call_count
    or estimated_count + unpriced_count > call_count
    or unanswered_count > unpriced_count
    or usd_at_most < usd
order by stage, model_role, provider, model
