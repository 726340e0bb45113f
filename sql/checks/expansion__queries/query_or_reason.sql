-- A triplet has a query of ten words at most, or the reason for none.
select triplet_id, status, reason, query
from expansion__queries
where
    (status = 'ok') <> (query is not null)
    or (status = 'ok') = (reason is not null)
    or (status = 'ok') <> (need > 0 and image_cap > 0)
order by 1
