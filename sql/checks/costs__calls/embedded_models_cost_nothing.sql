-- Embedded models run locally: they have no cost and no tokens.
select *
from costs__calls
where provider = 'embedded' and (usd <> 0 or input_tokens + output_tokens + cached_tokens <> 0)
order by stage, model_role, model
