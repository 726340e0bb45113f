-- Valence and arousal of the images that the gallery draws at random, up to twelve of each emotion.
with drawn as (
    select
        image_id,
        coalesce(blind_emotion_mikels8, label_emotion_mikels8, record_emotion_mikels8, 'no emotion') as emotion
    from image_emotions
    qualify row_number() over (partition by emotion order by sha256('gallery 1' || image_id)) <= 12
)

select d.emotion, i.source, d.image_id, round(v.valence, 4) as valence, round(v.arousal, 4) as arousal
from drawn as d
inner join dedup__images as i on d.image_id = i.image_id
inner join labels__vad as v on d.image_id = v.image_id
where v.is_best and v.valence is not null and v.arousal is not null
order by d.emotion, d.image_id
