-- Why were files and rows refused?
select source, reason, if("row" is null, 'file', 'row') as unit, count(*) as refused
from ingest__rejects
group by all
order by refused desc, source, reason
