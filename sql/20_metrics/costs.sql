-- One row per stage, provider and model: calls, answers found in the ledger, tokens and cost in
-- USD.
--
-- calls: Calls sent to the provider; for an embedded model, stored answers
-- cached: Questions answered from the ledger in the latest pass, at no cost
-- answers: Calls that returned an answer
-- refused: Calls that the model or the provider declined to answer
-- malformed: Calls whose reply could not be used
-- rate_limited: Calls rejected by a rate limit
-- failed: Calls that failed in any other way, or were abandoned
-- unanswered: Calls without an outcome, since their process was killed or waits now
-- retries: Calls beyond the first about the same question
-- estimated: Calls whose reply named no believable tokens; they count with the upper bound of their cost
-- unpriced: Calls without a reported cost, unanswered ones too; they count as 0 in usd, and with their upper bound in usd_at_most
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
    sum(unpriced_count)::bigint as unpriced,
    sum(unanswered_count)::bigint as unanswered,
    round(sum(usd_at_most), 9) as usd_at_most
from costs__calls
group by stage, provider, model
order by stage, provider, model
