-- A template asks about a picture once, about two pictures once, and shows a picture at most eight times.
with shown as (
    select template, len(image_ids) as pictures, hash(unnest(image_ids)) as image_hash
    from qa__items
),

uses as (
    select template, pictures, image_hash, count(*) as uses
    from shown
    group by all
    having uses > if(pictures = 1, 1, 8)
),

repeated as (
    select template, 2 as pictures, hash(list_sort(image_ids)) as image_hash, count(*) as uses
    from qa__items
    where len(image_ids) = 2
    group by all
    having uses > 1
)

-- hashes of 64 bits stand for pictures, which would not fit in memory
select template, pictures, image_hash, uses
from uses
union all
select template, pictures, image_hash, uses
from repeated
order by 1, 2, 3
