-- The stated cause of an emotion occurs in the reasoning's sentence on that emotion; anything else
-- on offer occurs nowhere in the reasoning.
with asked as (
    select
        q.item_id,
        q.template,
        q.claim,
        q.options,
        q.answer,
        q.facts ->> '$.emotion' as emotion,
        if(q.claim = 'cause', q.options, [q.facts ->> '$.element']) as elements,
        ' ' || translate(replace(lower(t.text), '.', ' . '), ',;:', '   ') || ' ' as reasoning
    from qa__items as q
    left join texts__reasonings as t on q.image_ids[1] = t.image_id and t.status = 'ok'
    where q.claim in ('caused_by', 'cause')
),

parted as (
    select
        *,
        list_filter(
            string_split(reasoning, '.'),
            lambda s: contains(s, ' feel ' || emotion || ' ')
            or contains(s, ' feels ' || emotion || ' ')
            or contains(s, ' feel a ' || emotion || ' ')
            or contains(s, ' feels a ' || emotion || ' ')
        )[1] as sentence
    from asked
),

found as (
    select
        *,
        list_filter(elements, lambda e: contains(sentence, ' ' || e || ' ')) as tied,
        list_filter(elements, lambda e: contains(reasoning, ' ' || e || ' ')) as told
    from parted
)

select item_id, template, emotion, elements, answer, sentence, tied, told
from found
where
    sentence is null
    or case
        when claim = 'cause' then tied <> [answer] or told <> [answer] or len(options) <> 3
        when answer = 'Yes' then tied <> elements
        else answer <> 'No' or len(told) > 0
    end
    or (claim = 'caused_by' and list_sort(options) <> ['No', 'Yes'])
order by item_id
