-- A template has at most one question per image or pair of images, and shows an image at most eight
-- times.
with items as not materialized (
    select
        item_id,
        template,
        image_ids,
        -- 64-bit hashes replace the image identifiers, which would not fit in memory
        hash(template, image_ids[1]) as first_use,
        if(len(image_ids) = 2, hash(template, image_ids[2]), null) as second_use,
        hash(template, least(image_ids[1], image_ids[2]), greatest(image_ids[1], image_ids[2])) as both_use
    from qa__items
),

uses as (
    select first_use as use, if(second_use is null, 1, 8) as most
    from items
    union all
    select second_use as use, 8 as most
    from items
    where second_use is not null
),

overused as (
    select use
    from uses
    group by use
    having count(*) > min(most)
),

repeated as (
    select both_use
    from items
    where second_use is not null
    group by both_use
    having count(*) > 1
)

select item_id, template, image_ids
from items
semi join overused on items.first_use = overused.use
union
select item_id, template, image_ids
from items
semi join overused on items.second_use = overused.use
union
select item_id, template, image_ids
from items
semi join repeated on items.both_use = repeated.both_use
order by item_id
