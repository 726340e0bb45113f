-- The counts are those of the generated images.
with counted as (
    select
        generator,
        unnest(['all', intended_emotion]) as intended,
        is_match
    from expansion__children
),

summed as (
    select
        generator,
        intended,
        count(*) as image_count,
        count(is_match) as judged_count,
        count(*) filter (where is_match) as match_count
    from counted
    where intended is not null
    group by generator, intended
)

select coalesce(s.generator, m.generator) as generator, coalesce(s.intended, m.intended) as intended
from summed as s
full join expansion__intent_matches as m
    on m.generator = s.generator and m.intended = s.intended
where
    (m.image_count, m.judged_count, m.match_count)
    is distinct from (s.image_count, s.judged_count, s.match_count)
    or not coalesce(m.match_share between m.match_lower and m.match_upper, m.judged_count = 0)
order by 1, 2
