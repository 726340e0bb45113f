-- What is called the cause of an emotion stands in its sentence of the reasoning; what is not, nowhere.
with asked as (
    select
        q.item_id,
        q.template,
        q.claim,
        q.options,
        q.answer,
        q.facts ->> '$.emotion' as emotion,
        q.facts ->> '$.element' as element,
        lower(t.text) as reasoning
    from qa__items as q
    left join texts__reasonings as t on q.image_ids[1] = t.image_id and t.status = 'ok'
    where q.claim in ('caused_by', 'cause')
),

parted as (
    select
        *,
        -- sentences that name the emotion as felt
        list_filter(
            string_split(reasoning, '. '), lambda s: regexp_matches(s, '\bfeels? (a )?' || emotion || '\b')
        ) as sentences
    from asked
),

judged as (
    select
        *,
        if(claim = 'cause', options, [element]) as elements
    from parted
),

found as (
    select
        *,
        list_filter(
            elements,
            lambda e: len(list_filter(sentences, lambda s: regexp_matches(s, '\b' || regexp_escape(e) || '\b'))) > 0
        ) as tied,
        list_filter(elements, lambda e: regexp_matches(reasoning, '\b' || regexp_escape(e) || '\b')) as told
    from judged
)

select item_id, template, emotion, elements, answer, tied, told
from found
where
    reasoning is null
    or case
        when claim = 'cause' then tied <> [answer] or told <> [answer] or len(options) <> 3
        when answer = 'Yes' then tied <> elements
        else answer <> 'No' or len(told) > 0
    end
    or (claim = 'caused_by' and list_sort(options) <> ['No', 'Yes'])
order by item_id
