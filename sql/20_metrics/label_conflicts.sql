-- One row per kept image, taxonomy and two sources whose people disagree about its strongest
-- emotion. What viewers feel is never compared with what a depicted person seems to feel. Labels of
-- a near-duplicate that was dropped for the image count as the image's.
--
-- first_source: One of the two sources
-- first_emotion: Its strongest emotion of the image, in the words of the taxonomy
-- first_share [share]: Share of the source's mapped mass on that emotion
-- second_source: The other source, later in the alphabet
-- second_emotion: Its strongest emotion of the image
-- second_share [share]: Share of the other source's mapped mass on that emotion
with chosen as (
    select
        kept_image_id as image_id,
        source,
        semantics,
        label_space,
        unnest(native_labels) as native_label,
        unnest(case when len(native_weights) = len(native_labels) then native_weights end) as weight
    from annotations
    where kept_image_id is not null and semantics <> 'none'
),

-- The spellings that are unified before labels are mapped.
canonical as (
    select
        image_id,
        source,
        semantics,
        label_space,
        case lower(trim(native_label))
            when 'sad' then 'sadness'
            when 'content' then 'contentment'
            when 'disquitement' then 'disquietment'
            when 'neutrality' then 'neutral'
            when 'annotance' then 'annoyance'
            when 'digust' then 'disgust'
            when 'ecstast' then 'ecstasy'
            else lower(trim(native_label))
        end as label,
        coalesce(weight, 1) as weight
    from chosen
),

masses as (
    select c.image_id, f.taxonomy, c.source, c.semantics, f.emotion, sum(c.weight) as mass
    from canonical as c
    inner join labels__label_fates as f
        on c.source = f.source and c.label_space = f.label_space and c.label = f.label
    where f.fate = 'mapped' and c.weight > 0
    group by c.image_id, f.taxonomy, c.source, c.semantics, f.emotion
),

ranked as (
    select
        image_id,
        taxonomy,
        source,
        semantics,
        emotion,
        round(mass / sum(mass) over (partition by image_id, taxonomy, source, semantics), 4) as share,
        rank() over (partition by image_id, taxonomy, source, semantics order by mass desc) as place,
        count(*) over (partition by image_id, taxonomy, source, semantics, mass) as ties
    from masses
),

strongest as (
    select * from ranked where place = 1 and ties = 1
)

select
    a.image_id,
    i.split,
    a.semantics,
    a.taxonomy,
    a.source as first_source,
    a.emotion as first_emotion,
    a.share as first_share,
    b.source as second_source,
    b.emotion as second_emotion,
    b.share as second_share
from strongest as a
inner join strongest as b
    on
        a.image_id = b.image_id
        and a.taxonomy = b.taxonomy
        and a.semantics = b.semantics
        and a.source < b.source
inner join dedup__images as i on a.image_id = i.image_id
where a.emotion <> b.emotion
order by a.taxonomy, a.image_id, a.source, b.source
