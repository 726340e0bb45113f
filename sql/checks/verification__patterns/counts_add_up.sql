-- A voter is right at most as often as it is counted, and the patterns of a source and fold add up
-- to all of its labelled images.
with counted as (
    select source, fold, voice, pattern, image_count, right_count
    from verification__patterns
    where verifier_emotion = 'any'
)

select
    source,
    fold,
    voice,
    sum(image_count) filter (where pattern = 'any') as pictures,
    sum(image_count) filter (where pattern <> 'any') as in_patterns,
    sum(right_count) filter (where pattern = 'any') as hits,
    sum(right_count) filter (where pattern <> 'any') as hits_in_patterns
from counted
group by source, fold, voice
having
    pictures is distinct from in_patterns
    or hits is distinct from hits_in_patterns
    or bool_or(right_count > image_count)
order by source, fold, voice
