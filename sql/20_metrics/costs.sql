-- One row per stage, provider and model: calls, answers found in the ledger, tokens and cost in
-- USD.
select
    stage,
    provider,
    model,
    sum(call_count)::bigint as calls,
    sum(found_count)::bigint as cached,
    round(sum(usd), 9) as usd,
    sum(answered_count)::bigint as answers,
    sum(declined_count)::bigint as refused,
    sum(malformed_count)::bigint as malformed,
    sum(limited_count)::bigint as rate_limited,
    sum(failed_count)::bigint as failed,
    sum(retry_count)::bigint as retries,
    sum(input_tokens)::bigint as input_tokens,
    sum(output_tokens)::bigint as output_tokens,
    sum(cached_tokens)::bigint as cached_tokens,
    sum(estimated_count)::bigint as estimated,
    sum(unpriced_count)::bigint as unpriced
from costs__calls
group by stage, provider, model
order by stage, provider, model
