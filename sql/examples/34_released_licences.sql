-- On which licences of the sources does each release depend, by rows?
select release_no, licence, count(*) as rows
from (select release_no, unnest(licences) as licence from release__rows)
group by all
order by all
