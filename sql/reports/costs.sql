-- Calls, answers, tokens and cost of every model, per stage; usd_per_record is per preserved record.
select
    stage,
    provider,
    model,
    calls,
    answers,
    refused,
    malformed,
    retries,
    input_tokens,
    output_tokens,
    usd,
    round(usd / nullif((select count(*) from records__emoverse where state = 'preserved'), 0), 6) as usd_per_record
from costs
order by usd desc, calls desc, stage, provider, model
