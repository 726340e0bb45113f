-- Every record has as many annotations as its count states.
select r.source, r.record_id, r.annotation_count, count(a.record_id) as found_annotations
from ingest__records as r
left join ingest__annotations as a on r.source = a.source and r.record_id = a.record_id
group by r.source, r.record_id, r.annotation_count
having found_annotations <> r.annotation_count
order by r.source, r.record_id
