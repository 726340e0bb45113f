-- One row per generator and intended emotion: share of generated images found to evoke it, with the
-- 95 % interval (Wilson).
--
-- intended: Emotion that the images were made to evoke; all: every emotion together
-- images: Images generated with the intention
-- judged: Images that judges could tell the emotion of
-- share [share]: Share of judged images found to evoke the intended emotion
-- lower_bound [share]: Lower end of the 95 % interval of the share
-- upper_bound [share]: Upper end of the 95 % interval of the share
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
