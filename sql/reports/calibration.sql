-- How often a verifier is right by people's labels, per tenth of the probability that it states.
select
    v.verifier,
    round(least(9, floor(v.probability * 10)) / 10 + 0.05, 2) as stated_near,
    count(*) as images,
    count(*) filter (where v.emotion = i.label_emotion_mikels8) as right_images,
    round(avg(v.probability), 4) as mean_stated,
    round(avg((v.emotion = i.label_emotion_mikels8)::integer), 4) as share_right
from verification__replies as v
inner join image_emotions as i on v.image_id = i.image_id
where v.status = 'ok' and v.probability is not null and i.label_emotion_mikels8 is not null
group by v.verifier, stated_near
order by v.verifier, stated_near
