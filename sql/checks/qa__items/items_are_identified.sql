-- The identifier of an item is the exclusive or of the hashes of its question and its images; no
-- two items share one.
with pictures as (
    select
        hash(image_id) as image_hash,
        ('0x' || left(sha256(image_id), 16))::ubigint as as_first,
        ('0x' || substr(sha256(image_id), 17, 16))::ubigint as as_second
    from dedup__images
),

questions as (
    select template, question, ('0x' || left(sha256(template || chr(31) || question), 16))::ubigint as number
    from (select distinct template, question from qa__items)
),

numbered as (
    select
        i.item_id,
        i.template,
        i.question,
        printf('%016x', xor(xor(q.number, a.as_first), if(len(i.image_ids) = 2, b.as_second, 0))) as number
    from qa__items as i
    left join questions as q on i.template = q.template and i.question = q.question
    left join pictures as a on hash(i.image_ids[1]) = a.image_hash
    left join pictures as b on hash(i.image_ids[2]) = b.image_hash
),

repeated as (
    select hash(item_id) as item_hash
    from qa__items
    group by item_hash
    having count(*) > 1
)

select item_id, template, question
from numbered
where item_id is distinct from number
union all
select q.item_id, q.template, q.question
from qa__items as q
semi join repeated on hash(q.item_id) = repeated.item_hash
order by item_id
