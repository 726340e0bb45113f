-- One row per origin of valence, arousal and dominance and dominant Ekman emotion: images, means
-- and standard deviations over images.
--
-- dominant_emotion_ekman7: The strongest of Ekman's seven emotions by people's labels; null where none is
-- pictures: Number of images
-- valence [share]: Mean of the images' valence
-- arousal [share]: Mean of the images' arousal
-- dominance [share]: Mean of the images' dominance
-- valence_sd [share]: Standard deviation of valence over images
-- arousal_sd [share]: Standard deviation of arousal over images
-- dominance_sd [share]: Standard deviation of dominance over images
select
    v.origin,
    r.dominant_emotion as dominant_emotion_ekman7,
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
