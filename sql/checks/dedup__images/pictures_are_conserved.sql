-- Distinct images = kept images + near-duplicates dropped: the kept ones are here, once each.
select
    coalesce(c.image_id, d.image_id) as image_id,
    coalesce(c.is_kept, false)::integer as expected_rows,
    count(d.image_id) as found_rows
from dedup__clusters as c
full join dedup__images as d on c.image_id = d.image_id
group by all
having found_rows <> expected_rows
order by 1
