-- Within a template and split, Yes and No are equally frequent for everything asked about, and each
-- letter is right equally often.
with cells as (
    select
        template,
        split,
        coalesce(facts ->> '$.emotion', facts ->> '$.asked') as asked,
        answer,
        answer_letter
    from qa__items
    where question_type = 'yes_no'
),

answers as (
    select template, split, asked, count(*) filter (answer = 'Yes') as ayes, count(*) filter (answer = 'No') as noes
    from cells
    group by all
    having ayes <> noes
),

letters as (
    select template, split, len(options) as options, if(question_type = 'yes_no', answer, '') as answer, answer_letter
    from qa__items
    where len(options) > 0
),

places as (
    select template, split, answer, answer_letter, any_value(options) as options, count(*) as items
    from letters
    group by template, split, answer, answer_letter
),

uneven as (
    select
        template, split, answer, max(items) as most, if(count(*) < any_value(options), 0, min(items)) as least
    from places
    group by template, split, answer
    having most - least > 1
)

select template, split, asked, ayes, noes
from answers
union all
select template, split, 'letters ' || answer as asked, most as ayes, least as noes
from uneven
order by 1, 2, 3
