-- A ranking names distinct emotions in the order of their mass, the dominant emotion first.
with ranked as (
    select
        r.image_id,
        r.ranking,
        r.dominant_emotion,
        list_transform(
            r.ranking,
            lambda emotion: m.masses[emotion]
        ) as masses
    from labels__rankings as r
    left join (
        select image_id, map_from_entries(list((emotion, mass))) as masses
        from labels__emotions
        where taxonomy = 'ekman7'
        group by image_id
    ) as m on r.image_id = m.image_id
    where r.ranking is not null
)

select image_id, ranking, dominant_emotion, masses
from ranked
where
    len(list_distinct(ranking)) <> len(ranking)
    or ranking[1] is distinct from dominant_emotion
    or masses is distinct from list_reverse_sort(masses)
    or len(list_filter(masses, lambda mass: mass is not null)) <> len(ranking)
order by image_id
