-- Files and rows that were refused, by source and reason.
select
    source,
    case when "row" is null then 'file' else 'row' end as unit,
    reason,
    count(*) as refused
from ingest__rejects
group by source, unit, reason
order by refused desc, source, unit, reason
