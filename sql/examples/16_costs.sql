-- What did the models cost, stage by stage, and how many answers did not have to be paid again?
select stage, provider, model, calls, cached, retries, usd
from costs
order by usd desc, stage, model
