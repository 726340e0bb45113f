-- Images of the gallery: of each emotion up to twelve drawn at random, the twelve that people
-- dispute most, and twelve whose record people edited or that was rejected.
with emotions_of as (
    select
        i.image_id,
        coalesce(i.blind_emotion_mikels8, i.label_emotion_mikels8, i.record_emotion_mikels8, 'no emotion') as emotion
    from image_emotions as i
),

shares as (
    select image_id, 'labels' as said_in, mass / (1 - lost_mass) as share
    from emotions
    where taxonomy = 'mikels8' and rater_count >= 3 and lost_mass < 1
    union all
    select image_id, 'review tool', unnest(distribution)
    from review__records
    where judgement_count >= 3 and distribution is not null
),

-- As the macro disputed() measures it: the entropy of people's answers over the largest possible.
disputes as (
    select image_id, max(dispute) as dispute
    from (
        select image_id, said_in, round(abs(sum(share * ln(share))) / ln(8), 4) as dispute
        from shares
        where share > 0
        group by image_id, said_in
        having count(*) > 1
    )
    group by image_id
),

reasons as (
    select image_id, 'random' as drawn_as, 1 as part, 0.0 as strength
    from emotions_of
    union all
    select image_id, 'disputed', 2, dispute
    from disputes
    union all
    select image_id, 'edited', 3, 0.0
    from records__emoverse
    where len(decided_by_people) > 0
    union all
    select r.image_id, 'rejected', 4, 0.0
    from records__emoverse as r
    left join review__records as p on r.image_id = p.image_id
    where r.state = 'dropped' or len(p.refused_fields) > 0
),

drawn as (
    select
        r.*,
        e.emotion,
        row_number() over (
            partition by e.emotion, r.part
            order by r.strength desc, sha256('gallery 1' || r.image_id)
        ) as place
    from reasons as r
    inner join emotions_of as e on r.image_id = e.image_id
)

select
    d.emotion,
    d.drawn_as,
    d.image_id,
    d.place,
    i.source,
    i.path,
    i.width_px,
    i.height_px,
    m.state,
    m.reason,
    m.attribute,
    m.subject,
    m.background,
    nullif(d.strength, 0) as dispute
from drawn as d
inner join dedup__images as i on d.image_id = i.image_id
left join records__emoverse as m on d.image_id = m.image_id
where d.place <= 12
order by d.emotion = 'no emotion', d.emotion, d.part, d.place
