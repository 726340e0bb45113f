-- Images by the emotion of people's labels and the emotion that the record got from models.
select
    label_emotion_mikels8 as people,
    r.machine_emotion as machine,
    count(*) as images,
    round(count(*) / sum(count(*)) over (partition by label_emotion_mikels8), 4) as share_of_row
from image_emotions as i
inner join records__emoverse as r on i.image_id = r.image_id
where label_emotion_mikels8 is not null and r.machine_emotion is not null
group by people, machine
order by people, machine
