-- The answer to a question about valence, arousal or dominance agrees with the ratings.
with asked as (
    select
        q.item_id,
        q.template,
        q.claim,
        q.options,
        q.answer,
        q.facts ->> '$.asked' as asked,
        q.facts ->> '$.dimension' as dimension,
        case q.facts ->> '$.dimension'
            when 'valence' then a.valence when 'arousal' then a.arousal when 'dominance' then a.dominance
        end as one,
        case q.facts ->> '$.dimension'
            when 'valence' then b.valence when 'arousal' then b.arousal when 'dominance' then b.dominance
        end as two,
        if(q.facts ->> '$.dimension' = 'valence', ['negative', 'neutral', 'positive'], ['low', 'moderate', 'high'])
            as words
    from qa__items as q
    left join felt as a on hash(q.image_ids[1]) = hash(a.image_id)
    left join felt as b on hash(q.image_ids[2]) = hash(b.image_id)
    where q.claim in ('level_is', 'level', 'both_at_level', 'higher', 'lower', 'difference')
),

levelled as (
    select
        *,
        words[case when one < 0.4 then 1 when one > 0.6 then 3 else 2 end] as first_level,
        words[case when two < 0.4 then 1 when two > 0.6 then 3 else 2 end] as second_level,
        round_even(two - one, 6) as gap
    from asked
),

expected as (
    select
        *,
        case
            when one is null or (two is null and claim in ('both_at_level', 'higher', 'lower', 'difference')) then null
            when claim in ('level_is', 'both_at_level') and not list_contains(words, asked) then null
            when claim = 'level_is' then if(first_level = asked, 'Yes', 'No')
            when claim = 'level' then first_level
            when claim = 'both_at_level' then if(first_level = asked and second_level = asked, 'Yes', 'No')
            when claim = 'higher' and gap <= -0.07 then 'The first picture'
            when claim = 'higher' and gap >= 0.07 then 'The second picture'
            when claim = 'lower' and gap <= -0.07 then 'The second picture'
            when claim = 'lower' and gap >= 0.07 then 'The first picture'
            when claim = 'difference' and gap >= 0.1 then 'Much higher'
            when claim = 'difference' and gap <= -0.1 then 'Much lower'
            when claim = 'difference' and abs(gap) <= 0.07 then 'About the same'
        end as expected,
        case claim
            when 'level' then list_sort(words)
            when 'lower' then ['The first picture', 'The second picture']
            when 'higher' then ['The first picture', 'The second picture']
            when 'difference' then ['About the same', 'Much higher', 'Much lower']
            else ['No', 'Yes']
        end as possible
    from levelled
)

select item_id, template, claim, dimension, asked, one, two, answer, expected, options
from expected
where expected is distinct from answer or list_sort(options) is distinct from possible
order by item_id
