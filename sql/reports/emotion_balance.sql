-- Images per emotion: by people's labels, by people who judged blind, by models, and by preserved
-- records; even_share is what a record set of this size would hold of each, were it balanced.
select
    e.emotion,
    count(*) filter (where i.label_emotion_mikels8 = e.emotion) as people_labels,
    count(*) filter (where i.blind_emotion_mikels8 = e.emotion) as people_blind,
    count(*) filter (where r.machine_emotion = e.emotion) as models,
    count(*) filter (where i.record_emotion_mikels8 = e.emotion and i.record_state = 'preserved') as records,
    round(count(*) filter (where i.record_state = 'preserved') / 8, 1) as even_share
from image_emotions as i
left join records__emoverse as r on i.image_id = r.image_id
cross join (
    select unnest(['amusement', 'anger', 'awe', 'contentment', 'disgust', 'excitement', 'fear', 'sadness']) as emotion
) as e
group by e.emotion
having count(*) > 0
order by e.emotion
