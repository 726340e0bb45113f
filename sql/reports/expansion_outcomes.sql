-- What was asked for to grow the dataset, and what became of it.
select step, outcome, "rows"
from expansion_outcomes
order by step, "rows" desc, outcome
