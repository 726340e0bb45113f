-- Models on the benchmarks: our value with its 95 % interval, and what others have published.
select benchmark, section, number, evaluated_model, place, value, lower, upper, items, coverage, published, score_unit, item_set
from leaderboard
order by benchmark, section, number, items desc, item_set, place, evaluated_model
