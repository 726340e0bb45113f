-- Images per cell of the valence-arousal plane, a twentieth of each scale wide; one value per image.
select
    least(19, floor(valence * 20))::integer as valence_cell,
    least(19, floor(arousal * 20))::integer as arousal_cell,
    count(*) as images
from labels__vad
where is_best and valence is not null and arousal is not null
group by valence_cell, arousal_cell
order by valence_cell, arousal_cell
