-- Are bright and saturated images more pleasant?
select
    round(corr(i.valence, d.brightness), 3) as valence_brightness,
    round(corr(i.valence, d.saturation), 3) as valence_saturation,
    round(corr(i.arousal, d.colourfulness), 3) as arousal_colourfulness,
    count(*) as pictures
from images as i
inner join dedup__images as d on i.image_id = d.image_id
where i.valence is not null and i.arousal is not null
