-- Drafts of texts that people corrected: characters inserted, deleted or replaced until the final text
-- (Levenshtein 1966), also as a share of the longer of the two.
select
    reviewed_field as field,
    count(*) as corrected,
    round(median(distance), 1) as median_distance,
    round(avg(distance / nullif(greatest(length(draft), length(final)), 0)), 4) as mean_share
from (
    select
        reviewed_field,
        draft_json ->> '$' as draft,
        said_json ->> '$' as final,
        levenshtein(draft, final) as distance
    from review__votes
    where phase = 'drafts' and vote = 'corrected' and draft_json is not null
        and reviewed_field in ('description', 'background', 'attribute', 'subject', 'scene', 'human_action')
)
where distance is not null
group by field
order by field
