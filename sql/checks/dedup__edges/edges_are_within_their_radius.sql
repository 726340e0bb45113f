-- Hashes differ by ten bits at most, and embeddings have a cosine of 0.9 at least.
select image_id, other_image_id, tier, distance_bits, cosine
from dedup__edges
where
    (tier = 'hash') <> (distance_bits is not null)
    or (tier = 'embedding') <> (cosine is not null and model is not null)
    or distance_bits > 10
    or cosine < 0.9
order by 1, 2, 3
