-- An item's number is that of its question and those of its pictures, joined by exclusive or; no two share one.
with repeated as (
    select item_id
    from qa__items
    group by item_id
    having count(*) > 1
),

numbered as (
    select
        item_id,
        template,
        question,
        ('0x' || left(sha256(template || chr(31) || question), 16))::ubigint as of_question,
        ('0x' || left(sha256(image_ids[1]), 16))::ubigint as of_first,
        coalesce(('0x' || substr(sha256(image_ids[2]), 17, 16))::ubigint, 0) as of_second
    from qa__items
)

select item_id, template, question
from numbered
where
    item_id is distinct from printf('%016x', xor(xor(of_question, of_first), of_second))
    or item_id in (select item_id from repeated)
order by item_id
