-- Each expert's answers on a dimension are counted once, and all experts' together.
with counted as (
    select dimension, coalesce(expert, 'all experts') as expert, count(*) as answers
    from labels__validation_answers
    where status = 'ok'
    group by grouping sets ((dimension, expert), (dimension))
)

select
    coalesce(a.dimension, c.dimension) as dimension,
    coalesce(a.expert, c.expert) as expert,
    a.answer_count,
    coalesce(c.answers, 0) as expected
from labels__validation_agreement as a
full join counted as c on a.dimension = c.dimension and a.expert = c.expert
where a.answer_count is distinct from coalesce(c.answers, 0) or a.agreed_count > a.image_count
order by 1, 2
