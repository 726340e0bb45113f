-- Every item says, for each of its images, who states the answer: people's votes, ratings or
-- explanations, or the writer of a text. The votes and ratings are those of the labels.
with votes as (
    select image_id, any_value(sources) as sources
    from labels__emotions
    where taxonomy = 'ekman7'
    group by image_id
),

-- unnest keeps the engine from reading the JSON once per comparison
stated as (
    select
        item_id,
        template,
        image_ids,
        unnest([
            if(
                len(image_ids) = 1,
                json_extract_string(
                    facts, ['$.origin[0].stated_by', '$.origin[0].origin', '$.origin[0].sources']
                ),
                json_extract_string(facts, [
                    '$.origin_1[0].stated_by', '$.origin_1[0].origin', '$.origin_1[0].sources',
                    '$.origin_2[0].stated_by', '$.origin_2[0].origin', '$.origin_2[0].sources'
                ])
            )
        ]) as told
    from qa__items
),

sides as (
    select item_id, template, image_ids[1] as image_id, told[1] as stated_by, told[2] as origin, told[3] as sources
    from stated
    union all
    select item_id, template, image_ids[2] as image_id, told[4] as stated_by, told[5] as origin, told[6] as sources
    from stated
    where len(image_ids) = 2
)

select s.item_id, s.template, s.image_id, s.stated_by, s.origin, s.sources
from sides as s
left join votes as e on hash(s.image_id) = hash(e.image_id)
left join labels__vad as v on hash(s.image_id) = hash(v.image_id) and v.is_best
where
    s.stated_by is null
    or s.stated_by not in ('votes', 'ratings', 'words of explanations', 'explanations', 'text')
    or (
        s.stated_by = 'votes'
        and s.sources is distinct from '["' || array_to_string(e.sources, '","') || '"]'
    )
    or (s.stated_by in ('ratings', 'words of explanations') and s.origin is distinct from v.origin)
order by s.item_id
