-- Arms of studies that could not be tried: why, and what others have published of them.
select study, arm, number, status as reason, published, published_source
from studies
where status <> 'ok'
order by study, arm, number
