-- One row per benchmark, model and number of the owners' table, best first: our value with its
-- interval, and what others have published.
--
-- place: Rank among the models scored on the same items (item_set), 1 for the best; of errors the
--   smallest is best, and lengths and diversity of texts have no rank
-- value: The score in its unit, as read tolerantly, or by given marks where there are some
-- lower: Lower end of its 95 % interval
-- upper: Upper end of its 95 % interval
-- items: Items that count
-- coverage [share]: Share of them with an answer that could be read
-- published: What others have published of this model and number
with best_marked as (
    select *
    from evaluation__scores
    where item_group = 'all' and score_value is not null
    qualify
        row_number() over (
            partition by benchmark, evaluated_model, section, number, item_set
            order by case marking when 'given' then 1 when 'tolerant' then 2 else 3 end
        ) = 1
)

select
    benchmark,
    section,
    number,
    score_unit,
    case
        when score_unit not in ('words', 'bits') then
            rank() over (
                partition by benchmark, section, number, item_set
                order by
                    case
                        when score_unit = 'difference' or number = 'ECE' then score_value
                        else -score_value
                    end
            )
    end as place,
    evaluated_model,
    round(score_value, 4) as value,
    round(score_lower, 4) as lower,
    round(score_upper, 4) as upper,
    counted_items as items,
    covered_share as coverage,
    published_value as published,
    protocol,
    item_set
from best_marked
order by benchmark, section, number, items desc, item_set, place, evaluated_model
