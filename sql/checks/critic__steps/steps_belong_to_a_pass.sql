-- A step belongs to a round in which its image was judged; the scene is seen in no other step than
-- S0 and S1.
select s.image_id, s."round", s.step, s.field
from critic__steps as s
where
    (s.field = 'scene') <> (s.step in ('S0', 'S1'))
    or not exists (
        select 1
        from critic__verdicts as v
        where v.image_id = s.image_id and v."round" = s."round"
    )
order by s.image_id, s."round", s.step, s.field
