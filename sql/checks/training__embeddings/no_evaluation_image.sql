-- No image of an evaluation set, nor a near-duplicate of one, has an embedding.
select e.run_id, e.image_id
from training__embeddings as e
inner join dedup__images as i on e.image_id = i.image_id
where i.is_evaluation
order by e.run_id, e.image_id
