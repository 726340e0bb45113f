-- No question mixes the feelings of viewers with those that depicted people seem to have: both images
-- of a pair are about the same, and the wording says which.
with labels as (
    select image_id, max(semantics = 'apparent') as is_depicted
    from labels__emotions
    where taxonomy = 'ekman7'
    group by image_id
),

subjects as (
    select
        q.item_id,
        q.template,
        q.question,
        q.facts ->> '$.felt_by' = 'depicted' as is_asked_so,
        len(q.image_ids) as pictures,
        if(q.facts ->> '$.dimension' is null, a.is_depicted, v.semantics = 'apparent') as first_is,
        if(q.facts ->> '$.dimension' is null, b.is_depicted, w.semantics = 'apparent') as second_is
    from qa__items as q
    left join labels as a on hash(q.image_ids[1]) = hash(a.image_id)
    left join labels as b on hash(q.image_ids[2]) = hash(b.image_id)
    left join labels__vad as v on hash(q.image_ids[1]) = hash(v.image_id) and v.is_best
    left join labels__vad as w on hash(q.image_ids[2]) = hash(w.image_id) and w.is_best
    where q.template <> 'describe_image'
)

select item_id, template, question, first_is, second_is
from subjects
where
    coalesce(first_is, false) <> coalesce(is_asked_so, false)
    or (pictures = 2 and coalesce(first_is, false) <> coalesce(second_is, false))
    or (coalesce(is_asked_so, false) and contains(question, 'viewer'))
    or (not coalesce(is_asked_so, false) and regexp_matches(question, 'people (in|shown)'))
order by item_id
