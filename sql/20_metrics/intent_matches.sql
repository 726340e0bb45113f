-- One row per generator and intended emotion: share of generated images found to evoke it, with the
-- 95 % interval (Wilson).
select
    generator,
    intended,
    image_count as images,
    judged_count as judged,
    round(match_share, 4) as share,
    round(match_lower, 4) as lower_bound,
    round(match_upper, 4) as upper_bound
from expansion__intent_matches
order by generator, intended = 'all' desc, intended
