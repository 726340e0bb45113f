-- One row per image, round and field that the critic judged, with what it found.
--
-- is_last_round: Whether no later round judged the image
select
    v.image_id,
    i.source,
    i.split,
    v.round,
    v.round = max(v.round) over (partition by v.image_id) as is_last_round,
    v.field,
    v.critic,
    v.verdict,
    v.codes,
    v.finding,
    v.instruction
from critic__verdicts as v
inner join dedup__images as i on v.image_id = i.image_id
