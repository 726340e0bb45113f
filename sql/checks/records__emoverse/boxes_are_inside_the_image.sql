-- A record's boxes are four whole numbers each, with a width and a height, and lie in the image.
with corners as (
    select
        r.image_id,
        d.width_px,
        d.height_px,
        len(r.boxes_px) % 4 <> 0 as is_cut,
        unnest(range(0, len(r.boxes_px), 4)) as place,
        r.boxes_px
    from records__emoverse as r
    inner join dedup__images as d on r.image_id = d.image_id
    where r.boxes_px is not null
)

select image_id, boxes_px, width_px, height_px
from corners
where
    is_cut
    or boxes_px[place + 1] >= boxes_px[place + 3]
    or boxes_px[place + 2] >= boxes_px[place + 4]
    or boxes_px[place + 3] > width_px
    or boxes_px[place + 4] > height_px
order by image_id
