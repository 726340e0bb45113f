-- What the critic found in its last round: images by code and field.
select code, field, count(*) as images
from (
    select image_id, field, unnest(codes) as code
    from critic
    where is_last_round
)
group by code, field
order by code, field
