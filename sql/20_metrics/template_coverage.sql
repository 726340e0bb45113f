-- One row per question template and split: items, pictures, and the share of its commonest answer.
with answers as (
    select template, split, answer, count(*) as items
    from qa__items
    group by template, split, answer
),

commonest as (
    select template, split, max(items) as items
    from answers
    group by template, split
)

select
    q.template,
    any_value(q.category) as category,
    any_value(q.question_type) as question_type,
    q.split,
    count(*) as items,
    len(list_distinct(flatten(list(q.image_ids)))) as pictures,
    count(distinct q.answer) as answers,
    round(any_value(c.items) / count(*), 4) as commonest_answer_share
from qa__items as q
inner join commonest as c on q.template = c.template and q.split = c.split
group by q.template, q.split
order by q.template, q.split
