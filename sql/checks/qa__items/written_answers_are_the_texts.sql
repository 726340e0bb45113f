-- An answer in prose is the accepted text on its pictures, word for word.
with texts as (
    select 'texts__descriptions' as name, image_id as first_image_id, null as second_image_id, null as aspect, text
    from texts__descriptions
    where status = 'ok'
    union all by name
    select 'texts__reasonings' as name, image_id as first_image_id, text
    from texts__reasonings
    where status = 'ok'
    union all by name
    select 'texts__details' as name, image_id as first_image_id, text
    from texts__details
    where status = 'ok'
    union all by name
    select 'texts__evocations' as name, image_id as first_image_id, text
    from texts__evocations
    where status = 'ok'
    union all by name
    select 'texts__comparisons' as name, first_image_id, second_image_id, aspect, text
    from texts__comparisons
    where status = 'ok'
)

select q.item_id, q.template, q.facts, q.answer, t.text
from qa__items as q
left join
    texts as t
    on
        q.facts ->> '$.text' = t.name
        and q.image_ids[1] = t.first_image_id
        and coalesce(q.image_ids[2], '') = coalesce(t.second_image_id, '')
        and (
            t.aspect is null
            or t.aspect = coalesce(q.facts ->> '$.dimension', 'overall')
        )
where q.claim = 'written' and (t.text is null or q.answer <> t.text or len(q.options) > 0)
order by q.item_id
