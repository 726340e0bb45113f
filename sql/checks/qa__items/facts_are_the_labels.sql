-- The facts that an item gives as its proof are those of the label tables.
with labels as (
    select *, '["' || array_to_string(ranking, '","') || '"]' as ranking_text
    from felt
),

given as (
    select
        item_id,
        template,
        facts,
        image_ids[1] as image_id,
        json_extract_string(
            facts,
            [
                '$.dominant_emotion', '$.ranking', '$.valence', '$.arousal',
                '$.dominance', '$.valence_level', '$.arousal_level', '$.dominance_level'
            ]
        ) as told
    from qa__items
    where len(image_ids) = 1
    union all
    select
        item_id,
        template,
        facts,
        image_ids[1] as image_id,
        json_extract_string(
            facts,
            [
                '$.dominant_emotion_1', '$.ranking_1', '$.valence_1', '$.arousal_1',
                '$.dominance_1', '$.valence_level_1', '$.arousal_level_1', '$.dominance_level_1'
            ]
        ) as told
    from qa__items
    where len(image_ids) = 2
    union all
    select
        item_id,
        template,
        facts,
        image_ids[2] as image_id,
        json_extract_string(
            facts,
            [
                '$.dominant_emotion_2', '$.ranking_2', '$.valence_2', '$.arousal_2',
                '$.dominance_2', '$.valence_level_2', '$.arousal_level_2', '$.dominance_level_2'
            ]
        ) as told
    from qa__items
    where len(image_ids) = 2
)

-- what is not told cannot be wrong
select g.item_id, g.template, g.facts, g.image_id
from given as g
left join labels as k on g.image_id = k.image_id
where
    (g.told[1] is not null and g.told[1] is distinct from k.dominant_emotion)
    or (g.told[2] is not null and g.told[2] is distinct from k.ranking_text)
    or (g.told[3] is not null and try_cast(g.told[3] as double) is distinct from k.valence)
    or (g.told[4] is not null and try_cast(g.told[4] as double) is distinct from k.arousal)
    or (g.told[5] is not null and try_cast(g.told[5] as double) is distinct from k.dominance)
    or (g.told[6] is not null and g.told[6] is distinct from k.valence_level)
    or (g.told[7] is not null and g.told[7] is distinct from k.arousal_level)
    or (g.told[8] is not null and g.told[8] is distinct from k.dominance_level)
order by g.item_id
