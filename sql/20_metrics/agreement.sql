-- One row per pair of judges of the Mikels emotion, including people: the number of images that
-- both judged, and the share judged alike.
with judgements as (
    select image_id, annotator as judge, emotion
    from annotation__replies
    where status = 'ok' and emotion is not null
    union all
    select image_id, verifier as judge, emotion
    from verification__replies
    where status = 'ok' and emotion is not null
    union all
    select image_id, 'people' as judge, emotion
    from emotions
    where taxonomy = 'mikels8' and emotion_rank = 1 and not is_tied
)

select
    a.judge as first_judge,
    b.judge as second_judge,
    count(*) as pictures,
    count(*) filter (where a.emotion = b.emotion) as alike,
    round(avg((a.emotion = b.emotion)::integer), 4) as share_alike
from judgements as a
inner join judgements as b on a.image_id = b.image_id and a.judge < b.judge
group by a.judge, b.judge
order by a.judge, b.judge
