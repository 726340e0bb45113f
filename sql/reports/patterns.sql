-- Agreement patterns of annotators and verifier: how often each voter is right, over all folds.
select
    source,
    pattern,
    voice,
    sum(image_count)::bigint as images,
    sum(right_count)::bigint as right_images,
    round(sum(right_count) / nullif(sum(image_count), 0), 4) as share_right,
    count(*) filter (where is_accepted) as folds_that_accept
from verification__patterns
where verifier_emotion = 'any'
group by source, pattern, voice
having sum(image_count) > 0
order by source, pattern, voice
