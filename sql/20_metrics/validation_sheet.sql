-- One row per picture and dimension that experts are asked about, without anything that tells the score.
select
    v.sheet_no,
    'sources/' || i.source || '/' || i.path as picture,
    v.dimension as rate
from labels__validation_items as v
inner join dedup__images as i on v.image_id = i.image_id
order by v.sheet_no
