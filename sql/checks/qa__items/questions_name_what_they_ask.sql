-- A question names the emotions, level or element given in its facts, and no other emotion.
with asked as not materialized (
    select
        item_id,
        template,
        question,
        facts,
        [
            facts ->> '$.asked', facts ->> '$.other', facts ->> '$.emotion', facts ->> '$.element',
            facts ->> '$.other_element'
        ] as fills
    from qa__items
    where claim not in ('ranking', 'written')
),

-- most items share question and fills with many others: each distinct pair is read once
questions as (
    select
        question,
        fills,
        ' ' || translate(question, '?.,:', '    ') || ' ' as words,
        regexp_extract_all(lower(question), '\b(anger|disgust|fear|joy|sadness|surprise)\b') as emotions
    from (select distinct question, fills from asked)
),

wrong as (
    select question, fills
    from questions
    where
        len(list_filter(fills, lambda f: not contains(words, ' ' || f || ' '))) > 0
        or not list_has_all(fills, emotions)
)

select item_id, template, question, facts
from asked
semi join wrong on asked.question = wrong.question and asked.fills = wrong.fills
order by item_id
