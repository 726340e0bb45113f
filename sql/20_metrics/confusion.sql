-- One row per benchmark, model, true label and label answered, of questions with labels: how often.
--
-- gold: The right label
-- answered: The label answered, as read tolerantly; none where no answer could be read
-- items: Number of items
-- share_of_gold [share]: Share of the items with this right label
with counted as (
    select
        benchmark,
        evaluated_model,
        gold_answer as gold,
        coalesce(parsed_answer, 'none') as answered,
        count(*) as items
    from evaluation__predictions
    where section = 'dominant_emotion' and is_scored
    group by all
)

select
    benchmark,
    evaluated_model,
    gold,
    answered,
    items,
    round(items / sum(items) over (partition by benchmark, evaluated_model, gold), 4)
        as share_of_gold
from counted
order by benchmark, evaluated_model, gold, items desc, answered
