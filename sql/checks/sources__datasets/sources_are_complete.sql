-- severity: warn
-- Every known dataset is complete on disk; absent or partial ones are listed here.
select source, state, found_files, expected_files, missing
from sources__datasets
where state in ('absent', 'partial')
order by source
