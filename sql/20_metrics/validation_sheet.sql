-- One row per image and dimension for experts to rate, without anything that reveals the score.
--
-- picture: Path of the image file, relative to the data root
-- rate: Dimension to rate: valence, arousal or dominance
select
    v.sheet_no,
    'sources/' || i.source || '/' || i.path as picture,
    v.dimension as rate
from labels__validation_items as v
inner join dedup__images as i on v.image_id = i.image_id
order by v.sheet_no
