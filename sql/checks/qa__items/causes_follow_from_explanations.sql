-- The stated cause of an emotion is the element of the image's explanations (or of the reasoning
-- that a model wrote); anything else on offer is named by none of them.
with asked as (
    select
        q.item_id,
        q.template,
        q.claim,
        q.options,
        q.answer,
        q.facts ->> '$.emotion' as emotion,
        q.facts ->> '$.element' as element,
        q.facts ->> '$.other_element' as other_element,
        regexp_replace(a.element, '^(the|a|an) ', '', 'i') as first_element,
        regexp_replace(b.element, '^(the|a|an) ', '', 'i') as second_element,
        a.distractors,
        a.explained_by,
        a.emotion as first_emotion,
        b.emotion as second_emotion,
        a.thing as first_thing,
        b.thing as second_thing,
        coalesce(list_contains(a.things, b.thing), false) as first_names_second,
        coalesce(list_contains(b.things, a.thing), false) as second_names_first
    from qa__items as q
    left join texts__candidates as a on hash(q.image_ids[1]) = hash(a.image_id)
    left join texts__candidates as b on hash(q.image_ids[2]) = hash(b.image_id)
    where q.claim in ('caused_by', 'cause', 'same_cause', 'pair_causes', 'which_cause', 'explained_by')
),

expected as (
    select
        *,
        first_thing <> second_thing and not first_names_second and not second_names_first as is_apart,
        case
            when claim = 'explained_by'
                then case explained_by when 'details' then 'Details' when 'whole' then 'The whole' when 'both' then 'Both' end
            when first_emotion <> emotion then null
            when claim = 'cause' then first_element
            when claim = 'caused_by' and element = first_element then 'Yes'
            when claim = 'caused_by' and list_contains(distractors, element) then 'No'
            when second_emotion is distinct from emotion then null
            when claim = 'same_cause' and element in (first_element, second_element)
                then case when first_thing = second_thing then 'Yes' when is_apart then 'No' end
            when not is_apart then null
            when claim = 'which_cause' and element = first_element then 'The first picture'
            when claim = 'which_cause' and element = second_element then 'The second picture'
            when claim = 'pair_causes' and element = first_element and other_element = second_element then 'Yes'
            when claim = 'pair_causes' and element = second_element and other_element = first_element then 'No'
        end as expected,
        case claim
            when 'cause' then list_sort([first_element, distractors[1], distractors[2]])
            when 'explained_by' then ['Both', 'Details', 'The whole']
            when 'which_cause' then ['The first picture', 'The second picture']
            else ['No', 'Yes']
        end as possible
    from asked
)

select item_id, template, emotion, element, other_element, answer, expected, options
from expected
where expected is distinct from answer or list_sort(options) is distinct from possible
order by item_id
