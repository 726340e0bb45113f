-- What the critic found wrong with the images $image_ids in its last round, and what is left open.
select image_id, field, verdict, codes, finding
from critic
where is_last_round and verdict in ('revisable', 'discarded') and image_id in (select unnest($image_ids))
order by image_id, field
