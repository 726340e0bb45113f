-- Images per emotion: by people's labels, by people who judged blind, and by preserved records.
select
    e.emotion,
    count(*) filter (where i.label_emotion_mikels8 = e.emotion) as people_labels,
    count(*) filter (where i.blind_emotion_mikels8 = e.emotion) as people_blind,
    count(*) filter (where i.record_emotion_mikels8 = e.emotion and i.record_state = 'preserved') as records
from image_emotions as i
cross join (
    select unnest(['amusement', 'anger', 'awe', 'contentment', 'disgust', 'excitement', 'fear', 'sadness']) as emotion
) as e
group by e.emotion
having count(*) > 0
order by e.emotion
