-- An item's number is the hash of its template, pictures and question, and no two share one.
with repeated as (
    select item_id
    from qa__items
    group by item_id
    having count(*) > 1
)

select item_id, template, question
from qa__items
where
    item_id <> left(
        sha256(template || chr(31) || array_to_string(image_ids, chr(31)) || chr(31) || question), 16
    )
    or item_id in (select item_id from repeated)
order by item_id
