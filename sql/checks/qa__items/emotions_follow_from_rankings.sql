-- The answer to a question about emotions agrees with the rankings, and no wrong option does.
with asked as (
    select
        q.item_id,
        q.template,
        q.claim,
        q.options,
        q.answer,
        q.facts ->> '$.asked' as asked,
        q.facts ->> '$.other' as other,
        a.ranking as first_ranking,
        b.ranking as second_ranking,
        a.dominant_emotion as first_dominant,
        b.dominant_emotion as second_dominant
    from qa__items as q
    left join felt as a on hash(q.image_ids[1]) = hash(a.image_id)
    left join felt as b on hash(q.image_ids[2]) = hash(b.image_id)
    where
        q.claim in (
            'in_top3', 'is_dominant', 'outweighs', 'dominant', 'present', 'absent', 'stronger',
            'both_in_top3', 'both_dominant', 'both_outweigh', 'common', 'absent_from_both',
            'which_dominant', 'which_top3', 'ranking'
        )
),

placed as (
    select
        *,
        case
            when claim like '%dominant' then first_dominant = asked
            else list_contains(first_ranking, asked)
        end as in_first,
        case
            when claim like '%dominant' then second_dominant = asked
            else list_contains(second_ranking, asked)
        end as in_second,
        -- an emotion is stronger than one ranked later or not at all; two unranked ones cannot be
        -- compared
        case
            when not list_has_any(first_ranking, [asked, other]) then null
            else coalesce(nullif(list_position(first_ranking, asked), 0), 4)
                < coalesce(nullif(list_position(first_ranking, other), 0), 4)
        end as outweighs_first,
        case
            when not list_has_any(second_ranking, [asked, other]) then null
            else coalesce(nullif(list_position(second_ranking, asked), 0), 4)
                < coalesce(nullif(list_position(second_ranking, other), 0), 4)
        end as outweighs_second
    from asked
),

expected as (
    select
        *,
        case
            when claim in ('in_top3', 'is_dominant') then if(in_first, ['Yes'], ['No'])
            when claim = 'outweighs'
                then case outweighs_first when true then ['Yes'] when false then ['No'] end
            when claim in ('both_in_top3', 'both_dominant')
                then case in_first and in_second when true then ['Yes'] when false then ['No'] end
            when claim = 'both_outweigh' and outweighs_first is not null and outweighs_second is not null
                then if(outweighs_first and outweighs_second, ['Yes'], ['No'])
            when claim in ('which_dominant', 'which_top3')
                then case
                    when in_first and in_second then ['Both pictures']
                    when in_first then ['The first picture']
                    when in_second then ['The second picture']
                    when not in_first and not in_second then ['Neither picture']
                end
            when claim = 'dominant' then [first_dominant]
            when claim = 'present'
                then list_filter(options, lambda o: list_contains(first_ranking, o))
            when claim = 'absent'
                then list_filter(options, lambda o: not list_contains(first_ranking, o))
            when claim = 'stronger'
                then list_filter(first_ranking, lambda e: list_contains(options, e))[1:1]
            when claim = 'common'
                then list_filter(
                    options,
                    lambda o: list_contains(first_ranking, o) and list_contains(second_ranking, o)
                )
            when claim = 'absent_from_both'
                then list_filter(
                    options,
                    lambda o: not list_contains(first_ranking, o) and not list_contains(second_ranking, o)
                )
            when claim = 'ranking' and len(first_ranking) = 3 then [array_to_string(first_ranking, ', ')]
        end as answers,
        case
            when claim in ('which_dominant', 'which_top3')
                then ['Both pictures', 'Neither picture', 'The first picture', 'The second picture']
            when claim = 'ranking' then []
            when claim in ('in_top3', 'is_dominant', 'outweighs', 'both_in_top3', 'both_dominant', 'both_outweigh')
                then ['No', 'Yes']
            else list_sort(
                list_filter(
                    options,
                    lambda o: o in ('anger', 'disgust', 'fear', 'joy', 'neutral', 'sadness', 'surprise')
                )
            )
        end as possible
    from placed
)

select item_id, template, claim, asked, answer, answers, options
from expected
where
    answers is distinct from [answer]
    or list_sort(options) is distinct from possible
    or len(options) <> case
        when claim in ('dominant', 'present', 'absent') then 3
        when claim in ('common', 'absent_from_both', 'which_dominant', 'which_top3') then 4
        when claim = 'ranking' then 0
        else 2
    end
order by item_id
