-- The images whose emotion embeddings point most nearly the same way: similar_images(image_id).
-- Options: how_many := 10, of_run := a run of training__embeddings, else one that is no trial.
(one, how_many := 10, of_run := null) as table
with chosen as (
    select coalesce(
        of_run,
        (
            select e.run_id
            from training__embeddings as e
            inner join training__runs as r on e.run_id = r.run_id
            where e.image_id = one
            order by r.recipe like '%.tiny', r.recipe
            limit 1
        )
    ) as run_id
)

select
    other.image_id,
    list_cosine_similarity(this.embedding, other.embedding)::double as similarity,
    i.source,
    i.path,
    other.run_id
from training__embeddings as this
inner join chosen as c on this.run_id = c.run_id
inner join training__embeddings as other on this.run_id = other.run_id
inner join dedup__images as i on other.image_id = i.image_id
where this.image_id = one and other.image_id <> one
order by similarity desc, other.image_id
limit how_many
