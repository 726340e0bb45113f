-- The accuracy of guessing the answer that is right most often is that of the items: each question is
-- left out of the counts, and answers that differ by it alone share the credit.
with items as (
    select
        template,
        hash(item_id) as item,
        hash(json_extract_string(facts, [
            '$.felt_by', '$.asked', '$.other', '$.emotion', '$.element', '$.other_element'
        ])) as cell,
        options,
        answer
    from qa__items
    where len(options) > 0
),

offered as (
    select template, item, cell, unnest(options) as option, answer
    from items
),

counted as (
    select
        template,
        item,
        option = answer as is_right,
        count(*) filter (option = answer) over (partition by template, cell, hash(option)) - (option = answer)::integer
            as often
    from offered
),

best as (
    select template, item, is_right
    from counted
    qualify often >= max(often) over (partition by template, item) - 1
),

credits as (
    select template, item, avg(is_right::integer) as credit
    from best
    group by template, item
),

expected as (
    select template, avg(credit) as accuracy
    from credits
    group by template
)

select b.template, b.accuracy, e.accuracy as expected
from qa__blind_baseline as b
left join expected as e on b.template = e.template
where e.accuracy is null or b.accuracy is null or abs(b.accuracy - e.accuracy) > 1e-5
order by b.template
