-- The facts that an item gives as its proof are those of the label tables.
with labels as (
    select * exclude (ranking), '["' || array_to_string(ranking, '","') || '"]' as ranking, hash(image_id) as image_hash
    from felt
),

-- unnest keeps the engine from reading the JSON once per comparison
items as (
    select
        item_id,
        template,
        facts,
        hash(image_ids[1]) as first_hash,
        hash(image_ids[2]) as second_hash,
        unnest([
            if(
                len(image_ids) = 1,
                json_extract_string(facts, [
                    '$.dominant_emotion', '$.ranking', '$.valence', '$.arousal',
                    '$.dominance', '$.valence_level', '$.arousal_level', '$.dominance_level'
                ]),
                json_extract_string(facts, [
                    '$.dominant_emotion_1', '$.ranking_1', '$.valence_1', '$.arousal_1',
                    '$.dominance_1', '$.valence_level_1', '$.arousal_level_1', '$.dominance_level_1',
                    '$.dominant_emotion_2', '$.ranking_2', '$.valence_2', '$.arousal_2',
                    '$.dominance_2', '$.valence_level_2', '$.arousal_level_2', '$.dominance_level_2'
                ])
            )
        ]) as told
    from qa__items
)

-- a missing fact cannot be wrong
select i.item_id, i.template, i.facts
from items as i
left join labels as a on i.first_hash = a.image_hash
left join labels as b on i.second_hash = b.image_hash
where
    (told[1] is not null and told[1] is distinct from a.dominant_emotion)
    or (told[2] is not null and told[2] is distinct from a.ranking)
    or (told[3] is not null and try_cast(told[3] as double) is distinct from a.valence)
    or (told[4] is not null and try_cast(told[4] as double) is distinct from a.arousal)
    or (told[5] is not null and try_cast(told[5] as double) is distinct from a.dominance)
    or (told[6] is not null and told[6] is distinct from a.valence_level)
    or (told[7] is not null and told[7] is distinct from a.arousal_level)
    or (told[8] is not null and told[8] is distinct from a.dominance_level)
    or (told[9] is not null and told[9] is distinct from b.dominant_emotion)
    or (told[10] is not null and told[10] is distinct from b.ranking)
    or (told[11] is not null and try_cast(told[11] as double) is distinct from b.valence)
    or (told[12] is not null and try_cast(told[12] as double) is distinct from b.arousal)
    or (told[13] is not null and try_cast(told[13] as double) is distinct from b.dominance)
    or (told[14] is not null and told[14] is distinct from b.valence_level)
    or (told[15] is not null and told[15] is distinct from b.arousal_level)
    or (told[16] is not null and told[16] is distinct from b.dominance_level)
order by i.item_id
