-- severity: warn
-- No dominant emotion is more than ten times as frequent as another one of Ekman's seven.
with counted as (
    select e.emotion, count(r.image_id) as pictures
    from unnest(['anger', 'disgust', 'fear', 'joy', 'neutral', 'sadness', 'surprise']) as e (emotion)
    left join labels__rankings as r on e.emotion = r.dominant_emotion
    group by e.emotion
)

select
    emotion,
    pictures,
    round(pictures / (select sum(pictures) from counted), 4) as share,
    (select max(pictures) from counted) as most_frequent_pictures
from counted
where pictures * 10 < (select max(pictures) from counted)
order by pictures, emotion
