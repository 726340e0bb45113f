-- An item's sources are those of its images, each once, in order.
with pictures as (
    select hash(image_id) as image_hash, array_to_string(sources, ' ') as sources
    from dedup__images
),

told as (
    select q.item_id, q.template, array_to_string(q.sources, ' ') as sources, a.sources as first_sources, b.sources as second_sources
    from qa__items as q
    left join pictures as a on hash(q.image_ids[1]) = a.image_hash
    left join pictures as b on hash(q.image_ids[2]) = b.image_hash
)

select item_id, template, sources, first_sources, second_sources
from told
where
    sources is distinct from case
        when second_sources is null or first_sources = second_sources then first_sources
        else array_to_string(list_sort(list_distinct(string_split(first_sources || ' ' || second_sources, ' '))), ' ')
    end
order by item_id
