-- A row of a manifest brought a file, or there is a reason.
select manifest, "row", status, reason, path
from expansion__collected_rows
where (status = 'ok') <> (path is not null) or (status = 'ok') = (reason is not null)
order by 1, 2
