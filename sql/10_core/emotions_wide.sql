-- One row per kept image and taxonomy, with the mass of every emotion in its own column.
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
