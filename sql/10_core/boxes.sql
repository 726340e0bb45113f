-- One row per box found in an image, in pixels and as shares of width and height.
--
-- x1_share [share]: Left edge of the box, as a share of the image's width
-- y1_share [share]: Upper edge of the box, as a share of the image's height
-- x2_share [share]: Right edge of the box, as a share of the image's width
-- y2_share [share]: Lower edge of the box, as a share of the image's height
select
    g.image_id,
    i.source,
    g.region_no,
    g.x1_px,
    g.y1_px,
    g.x2_px,
    g.y2_px,
    g.x1_px / i.width_px as x1_share,
    g.y1_px / i.height_px as y1_share,
    g.x2_px / i.width_px as x2_share,
    g.y2_px / i.height_px as y2_share,
    g.score,
    g.mask_score,
    g.mask_share,
    g.detector,
    g.segmenter
from grounding__regions as g
inner join dedup__images as i on g.image_id = i.image_id
where g.status = 'ok' and g.region_no > 0
