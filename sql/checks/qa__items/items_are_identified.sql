-- An item's number is the hash of its template, pictures and question, and no two share one.
with hashed as (
    select
        item_id,
        template,
        question,
        left(
            sha256(template || chr(31) || array_to_string(image_ids, chr(31)) || chr(31) || question), 16
        ) as expected,
        count(*) over (partition by item_id) as items
    from qa__items
)

select item_id, template, question, expected
from hashed
where item_id <> expected or items > 1
order by item_id
