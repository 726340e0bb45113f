-- Every distinct image of the source aigc has one row, and no other has any.
with generated as (
    select distinct image_id from ingest__records where source = 'aigc'
)

select coalesce(g.image_id, c.image_id) as image_id
from generated as g
full join expansion__children as c on c.image_id = g.image_id
where g.image_id is null or c.image_id is null
order by 1
