-- One row per origin of valence, arousal and dominance and dominant Ekman emotion: images, means
-- and standard deviations over images.
select
    v.origin,
    r.dominant_emotion,
    count(*) as pictures,
    round(avg(v.valence), 4) as valence,
    round(avg(v.arousal), 4) as arousal,
    round(avg(v.dominance), 4) as dominance,
    round(stddev_samp(v.valence), 4) as valence_sd,
    round(stddev_samp(v.arousal), 4) as arousal_sd,
    round(stddev_samp(v.dominance), 4) as dominance_sd
from labels__vad as v
left join labels__rankings as r on v.image_id = r.image_id
group by v.origin, r.dominant_emotion
order by v.origin, r.dominant_emotion nulls last
