-- One row per benchmark, item and two models whose answers are worth different: what moved.
--
-- gold: The right answer
-- first_answer: What the first model answered, as read tolerantly
-- second_answer: What the second model answered, as read tolerantly
-- gain: Worth of the second answer minus that of the first
select
    a.benchmark,
    a.section,
    a.benchmark_item,
    a.evaluated_model as first_model,
    b.evaluated_model as second_model,
    a.gold_answer as gold,
    a.parsed_answer as first_answer,
    b.parsed_answer as second_answer,
    coalesce(b.given_mark, b.tolerant_mark) - coalesce(a.given_mark, a.tolerant_mark) as gain
from evaluation__predictions as a
inner join evaluation__predictions as b
    on
        a.benchmark = b.benchmark
        and a.benchmark_item = b.benchmark_item
        and a.evaluated_model < b.evaluated_model
where
    a.is_scored
    and coalesce(b.given_mark, b.tolerant_mark) != coalesce(a.given_mark, a.tolerant_mark)
order by a.benchmark, first_model, second_model, a.section, a.benchmark_item
