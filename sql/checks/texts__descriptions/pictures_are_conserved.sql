-- Every kept image has one row, and no other image has any.
select
    coalesce(d.image_id, t.image_id) as image_id,
    d.image_id is not null as is_kept,
    count(t.image_id) as found_rows
from dedup__images as d
full join texts__descriptions as t on d.image_id = t.image_id
group by all
having not is_kept or found_rows <> 1
order by 1
