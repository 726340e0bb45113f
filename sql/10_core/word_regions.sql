-- One row per part of a record's triplet and region that it is linked to, with the box.
--
-- emotion_mikels8: Emotion of the record, one of Mikels' eight
select
    l.image_id,
    r.emotion as emotion_mikels8,
    l.field,
    l.linked_text,
    l.link,
    g.phrase,
    l.region_no,
    g.x1_px,
    g.y1_px,
    g.x2_px,
    g.y2_px,
    g.score,
    g.mask_score,
    g.mask_share
from records__links as l
inner join records__regions as g on l.image_id = g.image_id and l.region_no = g.region_no
inner join records__emoverse as r on l.image_id = r.image_id
