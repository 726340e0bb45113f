-- Within a template and split, Yes and No are equally frequent for everything asked about, and so is
-- each option where all questions offer the same ones; each letter is right equally often.
with cells as (
    select
        template,
        split,
        concat_ws(
            ' ', facts ->> '$.felt_by', coalesce(facts ->> '$.emotion', facts ->> '$.asked'), facts ->> '$.other'
        ) as asked,
        list_sort(options) as possible,
        answer
    from qa__items
    where len(options) > 0
),

closed as (
    select template
    from cells
    group by template
    having count(distinct possible) = 1
),

counts as (
    select template, split, asked, answer, any_value(len(possible)) as possible_count, count(*) as items
    from cells
    semi join closed on cells.template = closed.template
    group by template, split, asked, answer
),

answers as (
    select
        template,
        split,
        asked,
        max(items) as ayes,
        if(count(*) < any_value(possible_count), 0, min(items)) as noes
    from counts
    group by template, split, asked
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
