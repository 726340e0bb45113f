-- Calls, answers, tokens and cost of every model, per stage.
select stage, provider, model, calls, answers, refused, malformed, retries, input_tokens, output_tokens, usd
from costs
order by usd desc, calls desc, stage, provider, model
