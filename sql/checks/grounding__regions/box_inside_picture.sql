-- Every box has an area and is inside its image; half a pixel is allowed for rounding.
select g.image_id, g.region_no, g.x1_px, g.y1_px, g.x2_px, g.y2_px, i.width_px, i.height_px
from grounding__regions as g
inner join dedup__images as i on g.image_id = i.image_id
where
    g.x1_px >= g.x2_px
    or g.y1_px >= g.y2_px
    or g.x2_px > i.width_px + 0.5
    or g.y2_px > i.height_px + 0.5
order by g.image_id, g.region_no
