-- Brightness, colourfulness, saturation and contrast by people's strongest emotion.
with measured as (
    unpivot (
        select e.label_emotion_mikels8 as emotion, i.brightness, i.colourfulness, i.saturation, i.contrast
        from image_emotions as e
        inner join dedup__images as i on e.image_id = i.image_id
        where e.label_emotion_mikels8 is not null
    )
    on brightness, colourfulness, saturation, contrast
    into name quantity value amount
)

select
    quantity,
    emotion,
    count(*) as images,
    round(avg(amount), 4) as mean,
    round(avg(amount) - 1.96 * stddev_samp(amount) / sqrt(count(*)), 4) as lower_bound,
    round(avg(amount) + 1.96 * stddev_samp(amount) / sqrt(count(*)), 4) as upper_bound
from measured
group by quantity, emotion
order by quantity, emotion
