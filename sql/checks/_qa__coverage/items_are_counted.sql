-- Every kept image is in as many questions as its row states, and has a reason if it is in none.
with asked as (
    select u.image_id, count(*) as items
    from qa__items as q
    cross join unnest(list_distinct(q.image_ids)) as u (image_id)
    group by u.image_id
)

select c.image_id, c.item_count, coalesce(a.items, 0) as found_items, c.reason
from _qa__coverage as c
left join asked as a on c.image_id = a.image_id
where c.item_count <> found_items or (c.item_count = 0 and c.reason is null)
order by c.image_id
