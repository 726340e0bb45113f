-- severity: warn
-- The points of EMOTIC's labels are fitted on ratings in the scaling of labels__vad: `rating_scaling`
-- is the same in the configuration of both.
select label, rating_rule
from labels__label_points
where
    rating_rule is not null
    and not exists (
        select 1
        from labels__vad
        where starts_with(origin, 'rated:') and list_contains(string_split(rating_rule, '; '), rule)
    )
order by label
