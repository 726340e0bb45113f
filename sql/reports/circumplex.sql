-- Valence and arousal per dominant Ekman emotion: by people's ratings and texts, and by annotators.
with people as (
    select r.dominant_emotion as emotion, v.valence, v.arousal
    from labels__vad as v
    inner join labels__rankings as r on v.image_id = r.image_id
    where v.is_best and v.valence is not null and v.arousal is not null
),

machine as (
    select r.dominant_emotion as emotion, avg(a.valence) as valence, avg(a.arousal) as arousal
    from annotation__replies as a
    inner join labels__rankings as r on a.image_id = r.image_id
    where a.valence is not null and a.arousal is not null
    group by r.dominant_emotion
)

select
    p.emotion,
    count(*) as images,
    round(avg(p.valence), 4) as valence,
    round(avg(p.arousal), 4) as arousal,
    round(coalesce(stddev_samp(p.valence), 0), 4) as valence_sd,
    round(coalesce(stddev_samp(p.arousal), 0), 4) as arousal_sd,
    round(1.96 * coalesce(stddev_samp(p.valence), 0) / sqrt(count(*)), 4) as valence_reach,
    round(1.96 * coalesce(stddev_samp(p.arousal), 0) / sqrt(count(*)), 4) as arousal_reach,
    round(any_value(m.valence), 4) as machine_valence,
    round(any_value(m.arousal), 4) as machine_arousal
from people as p
left join machine as m on p.emotion = m.emotion
where p.emotion is not null
group by p.emotion
order by p.emotion
