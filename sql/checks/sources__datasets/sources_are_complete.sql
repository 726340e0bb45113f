-- severity: warn
-- Every known dataset is on disk in full; one that is absent or partial is named here.
select source, state, found_files, expected_files, missing
from sources__datasets
where state in ('absent', 'partial')
order by source
