-- severity: warn
-- Every release can be read, and follows the one before it.
select r.release_no, r.release_state, r.detail, r.previous_digest
from release__versions as r
left join release__versions as before on r.release_no = before.release_no + 1
where
    r.release_state = 'damaged'
    or (before.release_state = 'whole' and r.previous_digest is distinct from before.digest)
order by 1
