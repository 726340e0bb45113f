-- Every verified triplet of a record that was not generated has one row, and no other has any.
with triplets as (
    select distinct
        emotion,
        lower(trim(background)) as background,
        lower(trim(attribute)) as attribute,
        lower(trim(subject)) as subject
    from records__emoverse
    where
        state = 'preserved'
        and not is_contested
        and source <> 'aigc'
        and regexp_matches(background, '\w')
        and regexp_matches(attribute, '\w')
        and regexp_matches(subject, '\w')
        and emotion in (
            'amusement', 'anger', 'awe', 'contentment', 'disgust', 'excitement', 'fear', 'sadness'
        )
)

select q.triplet_id, t.emotion, t.subject
from triplets as t
full join expansion__queries as q
    on
        q.emotion = t.emotion
        and lower(trim(q.background)) = t.background
        and lower(trim(q.attribute)) = t.attribute
        and lower(trim(q.subject)) = t.subject
where q.triplet_id is null or t.emotion is null
order by 1
