-- What did the models cost, stage by stage, and how many answers came from the ledger?
select stage, provider, model, calls, cached, retries, usd
from costs
order by usd desc, stage, model
