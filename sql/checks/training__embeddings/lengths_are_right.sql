-- The embeddings of a run have one width, and their copies have length 1.
with measured as (
    select
        run_id,
        image_id,
        len(embedding) as width,
        sqrt(list_sum(list_transform(unit_embedding, lambda value: value * value))) as length
    from training__embeddings
)

select m.run_id, m.image_id, m.width, m.length
from measured as m
where
    abs(m.length - 1) > 1e-3
    or m.width <> (select max(o.width) from measured as o where o.run_id = m.run_id)
order by m.run_id, m.image_id
