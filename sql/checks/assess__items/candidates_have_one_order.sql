-- All items with the same candidates list them in the same order, and a dominant emotion's question
-- shows that list.
select
    list_sort(candidates) as label_set,
    count(distinct candidates) as orders,
    min(item_id) as first_item
from assess__items
group by label_set
having
    orders > 1
    or bool_or(
        task = 'dominant_emotion' and not contains(question, array_to_string(candidates, ', '))
    )
order by label_set
