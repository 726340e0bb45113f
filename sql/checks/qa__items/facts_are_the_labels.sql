-- The facts that an item gives as its proof are those of the label tables.
with labels as (
    select
        image_id,
        [
            dominant_emotion, '["' || array_to_string(ranking, '","') || '"]', valence::varchar, arousal::varchar,
            dominance::varchar, valence_level, arousal_level, dominance_level
        ] as known
    from felt
),

given as (
    select
        q.item_id,
        q.template,
        q.facts,
        len(q.image_ids) = 1 as is_single,
        a.known as first_known,
        coalesce(b.known, a.known) as second_known,
        json_extract_string(
            q.facts,
            [
                '$.dominant_emotion', '$.ranking', '$.valence', '$.arousal',
                '$.dominance', '$.valence_level', '$.arousal_level', '$.dominance_level',
                '$.dominant_emotion_1', '$.ranking_1', '$.valence_1', '$.arousal_1',
                '$.dominance_1', '$.valence_level_1', '$.arousal_level_1', '$.dominance_level_1',
                '$.dominant_emotion_2', '$.ranking_2', '$.valence_2', '$.arousal_2',
                '$.dominance_2', '$.valence_level_2', '$.arousal_level_2', '$.dominance_level_2'
            ]
        ) as told
    from qa__items as q
    left join labels as a on q.image_ids[1] = a.image_id
    left join labels as b on q.image_ids[2] = b.image_id
),

sided as (
    select
        *,
        if(is_single, told[1:8], told[9:16]) as first_told,
        told[17:24] as second_told
    from given
)

-- what is not told cannot be wrong; a number is told in whatever form
select item_id, template, facts, first_known, second_known
from sided
where
    list_transform(first_told, lambda x, i: coalesce(try_cast(x as double)::varchar, x, first_known[i]))
    is distinct from first_known
    or list_transform(second_told, lambda x, i: coalesce(try_cast(x as double)::varchar, x, second_known[i]))
    is distinct from second_known
order by item_id
