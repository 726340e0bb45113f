-- A revisable field has an instruction, and a valid one has no error code.
select image_id, "round", field, verdict, codes, instruction
from critic__verdicts
where
    (verdict = 'revisable' and instruction is null)
    or (verdict = 'valid' and len(codes) > 0)
order by image_id, "round", field
