-- Every image with a value has one preferred row, a rated one where there is any.
select image_id, count(*) filter (where is_best) as best_rows
from labels__vad
group by image_id
having
    best_rows <> 1
    or (
        bool_or(starts_with(origin, 'rated:'))
        and not bool_or(is_best and starts_with(origin, 'rated:'))
    )
order by image_id
