-- An image selected for a task has an item of it; any other image has none, and a reason.
select c.image_id, c.task, c.is_selected, c.reason, count(a.item_id) as items
from _assess__candidates as c
left join assess__items as a on c.image_id = a.image_id and c.task = a.task
group by all
having c.is_selected <> (items > 0) or (not c.is_selected and c.reason is null)
order by c.image_id, c.task
