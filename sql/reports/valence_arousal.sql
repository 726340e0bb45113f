-- Images per source and cell of the valence-arousal plane, a twentieth of each scale wide; one value
-- per image.
select
    i.source,
    least(19, floor(v.valence * 20))::integer as valence_cell,
    least(19, floor(v.arousal * 20))::integer as arousal_cell,
    count(*) as images
from labels__vad as v
inner join dedup__images as i on v.image_id = i.image_id
where v.is_best and v.valence is not null and v.arousal is not null
group by i.source, valence_cell, arousal_cell
order by i.source, valence_cell, arousal_cell
