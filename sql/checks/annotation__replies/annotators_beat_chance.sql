-- severity: warn
-- Each annotator agrees with people more often than always naming their most frequent emotion
-- would.
with ranked as (
    select
        image_id,
        emotion,
        rank() over (partition by image_id order by mass desc) as place,
        count(*) over (partition by image_id, mass) as ties
    from labels__emotions
    where taxonomy = 'mikels8'
),

counted as (
    select
        r.annotator,
        p.emotion,
        count(*) as pictures,
        count(*) filter (where r.emotion = p.emotion) as alike
    from annotation__replies as r
    inner join ranked as p on r.image_id = p.image_id and p.place = 1 and p.ties = 1
    where r.status = 'ok' and r.emotion is not null
    group by r.annotator, p.emotion
)

select
    annotator,
    sum(pictures)::bigint as pictures,
    round(sum(alike) / sum(pictures), 4) as share_alike,
    round(max(pictures) / sum(pictures), 4) as baseline
from counted
group by annotator
having sum(alike) <= max(pictures)
order by annotator
