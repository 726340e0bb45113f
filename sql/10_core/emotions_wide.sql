-- One row per kept image and taxonomy, with the mass of every emotion in its own column.
--
-- amusement [share]: Share of the raters' mass on amusement; 0 also where the taxonomy has no amusement
-- anger [share]: Share of the raters' mass on anger; 0 also where the taxonomy has no anger
-- awe [share]: Share of the raters' mass on awe; 0 also where the taxonomy has no awe
-- contentment [share]: Share of the raters' mass on contentment; 0 also where the taxonomy has no contentment
-- disgust [share]: Share of the raters' mass on disgust; 0 also where the taxonomy has no disgust
-- excitement [share]: Share of the raters' mass on excitement; 0 also where the taxonomy has no excitement
-- fear [share]: Share of the raters' mass on fear; 0 also where the taxonomy has no fear
-- joy [share]: Share of the raters' mass on joy; 0 also where the taxonomy has no joy
-- neutral [share]: Share of the raters' mass on neutral; 0 also where the taxonomy has no neutral
-- sadness [share]: Share of the raters' mass on sadness; 0 also where the taxonomy has no sadness
-- surprise [share]: Share of the raters' mass on surprise; 0 also where the taxonomy has no surprise
select
    image_id,
    taxonomy,
    coalesce(sum(mass) filter (where emotion = 'amusement'), 0) as amusement,
    coalesce(sum(mass) filter (where emotion = 'anger'), 0) as anger,
    coalesce(sum(mass) filter (where emotion = 'awe'), 0) as awe,
    coalesce(sum(mass) filter (where emotion = 'contentment'), 0) as contentment,
    coalesce(sum(mass) filter (where emotion = 'disgust'), 0) as disgust,
    coalesce(sum(mass) filter (where emotion = 'excitement'), 0) as excitement,
    coalesce(sum(mass) filter (where emotion = 'fear'), 0) as fear,
    coalesce(sum(mass) filter (where emotion = 'joy'), 0) as joy,
    coalesce(sum(mass) filter (where emotion = 'neutral'), 0) as neutral,
    coalesce(sum(mass) filter (where emotion = 'sadness'), 0) as sadness,
    coalesce(sum(mass) filter (where emotion = 'surprise'), 0) as surprise,
    any_value(lost_mass) as lost_mass
from labels__emotions
group by image_id, taxonomy
