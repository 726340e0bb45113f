-- What is computed here is not paid for, and has no tokens.
select *
from costs__calls
where provider = 'embedded' and (usd <> 0 or input_tokens + output_tokens + cached_tokens <> 0)
order by stage, model_role, model
