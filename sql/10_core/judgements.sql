-- One row per kept image and judge of its Mikels emotion: annotators, verifier, people's labels.
--
-- judge: Name of the annotator or verifier; people: the labels of the sources, where one emotion leads
-- emotion_mikels8: Emotion evoked in the viewer by this judge, one of Mikels' eight
select image_id, annotator as judge, emotion as emotion_mikels8
from annotation__replies
where status = 'ok' and emotion is not null
union all
select image_id, verifier as judge, emotion as emotion_mikels8
from verification__replies
where status = 'ok' and emotion is not null
union all
select image_id, 'people' as judge, emotion as emotion_mikels8
from emotions
where taxonomy = 'mikels8' and emotion_rank = 1 and not is_tied
