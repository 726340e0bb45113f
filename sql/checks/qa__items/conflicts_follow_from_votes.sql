-- Viewers are in conflict if pleasant and unpleasant emotions each have a fifth of the votes; they
-- are not if several emotions are reported and one of the two kinds is not among them.
with votes as (
    select
        image_id,
        round(coalesce(sum(mass) filter (emotion = 'joy'), 0), 6) as pleasant,
        round(coalesce(sum(mass) filter (emotion in ('anger', 'disgust', 'fear', 'sadness')), 0), 6) as unpleasant,
        count(*) as emotions
    from labels__emotions
    where taxonomy = 'ekman7'
    group by image_id
),

expected as (
    select
        q.item_id,
        q.template,
        q.answer,
        q.options,
        v.pleasant,
        v.unpleasant,
        case
            when least(v.pleasant, v.unpleasant) >= 0.2 then 'Yes'
            when v.emotions > 1 and least(v.pleasant, v.unpleasant) = 0 then 'No'
        end as expected
    from qa__items as q
    left join votes as v on hash(q.image_ids[1]) = hash(v.image_id)
    where q.claim = 'conflict'
)

select item_id, template, answer, pleasant, unpleasant
from expected
where expected is distinct from answer or list_sort(options) <> ['No', 'Yes']
order by item_id
