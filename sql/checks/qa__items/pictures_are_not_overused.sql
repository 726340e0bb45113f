-- A template asks about a picture once, about two pictures once, and shows a picture at most eight times.
with shown as (
    select template, len(image_ids) as pictures, unnest(image_ids) as image_id
    from qa__items
),

uses as (
    select template, pictures, image_id, count(*) as uses
    from shown
    group by all
    having uses > if(pictures = 1, 1, 8)
),

repeated as (
    select
        template,
        least(image_ids[1], image_ids[2]) || ' ' || greatest(image_ids[1], image_ids[2]) as both_pictures,
        count(*) as uses
    from qa__items
    where len(image_ids) = 2
    group by all
    having uses > 1
)

select template, image_id, uses
from uses
union all
select template, both_pictures as image_id, uses
from repeated
order by 1, 2
