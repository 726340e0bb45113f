-- Images per source, split and emotion: by people's labels, by models, and by preserved records.
with named as (
    select i.source, i.split, 'people' as said_by, i.label_emotion_mikels8 as emotion
    from image_emotions as i
    union all
    select i.source, i.split, 'models', r.machine_emotion
    from image_emotions as i
    inner join records__emoverse as r on i.image_id = r.image_id
    union all
    select i.source, i.split, 'records', i.record_emotion_mikels8
    from image_emotions as i
    where i.record_state = 'preserved'
)

select
    source,
    split,
    emotion,
    count(*) filter (where said_by = 'people') as people_labels,
    count(*) filter (where said_by = 'models') as models,
    count(*) filter (where said_by = 'records') as records
from named
where emotion is not null
group by source, split, emotion
order by source, split, emotion
