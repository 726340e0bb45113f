-- Images per source, split and strongest emotion by people's labels.
select source, split, label_emotion_mikels8 as emotion, count(*) as images
from image_emotions
where label_emotion_mikels8 is not null
group by source, split, emotion
order by source, split, emotion
