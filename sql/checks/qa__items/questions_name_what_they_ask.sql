-- A question names the emotions, level or element that its facts say it asks for, and no other emotion.
with asked as (
    select
        item_id,
        template,
        question,
        facts,
        json_extract_string(facts, ['$.asked', '$.other', '$.emotion', '$.element']) as fills,
        ' ' || translate(question, '?.,:', '    ') || ' ' as words,
        regexp_extract_all(lower(question), '\b(anger|disgust|fear|joy|sadness|surprise)\b') as emotions
    from qa__items
    where claim not in ('ranking', 'written')
)

select item_id, template, question, facts
from asked
where
    len(list_filter(fills, lambda f: f is not null and not contains(words, ' ' || f || ' '))) > 0
    or len(list_filter(emotions, lambda e: coalesce(not list_contains(fills, e), true))) > 0
order by item_id
