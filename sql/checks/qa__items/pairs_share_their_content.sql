-- severity: warn
-- About three quarters of the questions about two images whose category of content is known show two
-- of the same category, as in EEmo-Bench (764 of 1,006), if there are several categories.
with pairs as (
    select
        a.content_category as one,
        b.content_category as two,
        a.content_category = b.content_category as is_same
    from qa__items as q
    left join _qa__coverage as a on hash(q.image_ids[1]) = hash(a.image_id)
    left join _qa__coverage as b on hash(q.image_ids[2]) = hash(b.image_id)
    where len(q.image_ids) = 2 and q.category = 'pair_perception'
)

select count(is_same) as pairs, avg(is_same::integer) as share
from pairs
having
    count(is_same) >= 100
    and greatest(max(one), max(two)) <> least(min(one), min(two))
    and avg(is_same::integer) not between 0.65 and 0.85
