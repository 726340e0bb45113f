-- A ranking names distinct emotions in the order of its deciding criterion, the dominant emotion
-- first: by mass, or by frequency, mass and order in turn.
with ranked as (
    select
        r.image_id,
        r.ranking,
        r.dominant_emotion,
        list_transform(
            r.ranking,
            lambda emotion: if(
                r.decided_by = 'distribution' or r.decided_by is null,
                m.masses[emotion],
                m.strengths[emotion]
            )
        ) as strengths
    from labels__rankings as r
    left join (
        select
            image_id,
            map_from_entries(list((emotion, [0, mass, 0]))) as masses,
            map_from_entries(
                list((emotion, [choice_count, floor(mass * 10000 + 0.1), order_score]))
            ) as strengths
        from labels__emotions
        where taxonomy = 'ekman7'
        group by image_id
    ) as m on r.image_id = m.image_id
    where r.ranking is not null
)

select image_id, ranking, dominant_emotion, strengths
from ranked
where
    len(list_distinct(ranking)) <> len(ranking)
    or ranking[1] is distinct from dominant_emotion
    or strengths is distinct from list_reverse_sort(strengths)
    or len(list_filter(strengths, lambda strength: strength is not null)) <> len(ranking)
order by image_id
