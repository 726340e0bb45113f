-- An answer in prose is the accepted text about its images, word for word.
with texts as (
    select 'texts__descriptions' as name, hash([image_id]) as images_hash, null as aspect, hash(text) as text_hash
    from texts__descriptions
    where status = 'ok'
    union all by name
    select 'texts__reasonings' as name, hash([image_id]) as images_hash, hash(text) as text_hash
    from texts__reasonings
    where status = 'ok'
    union all by name
    select 'texts__details' as name, hash([image_id]) as images_hash, hash(text) as text_hash
    from texts__details
    where status = 'ok'
    union all by name
    select 'texts__evocations' as name, hash([image_id]) as images_hash, hash(text) as text_hash
    from texts__evocations
    where status = 'ok'
    union all by name
    select 'texts__comparisons' as name, hash([first_image_id, second_image_id]) as images_hash, aspect, hash(text) as text_hash
    from texts__comparisons
    where status = 'ok'
)

-- images and texts are compared by 64-bit hashes: comparing them directly would exhaust memory
select q.item_id, q.template, q.facts, q.answer
from qa__items as q
left join
    texts as t
    on
        q.facts ->> '$.text' = t.name
        and hash(q.image_ids) = t.images_hash
        and (
            t.aspect is null
            or t.aspect = coalesce(q.facts ->> '$.dimension', 'overall')
        )
where q.claim = 'written' and (t.text_hash is null or hash(q.answer) <> t.text_hash or len(q.options) > 0)
order by q.item_id
