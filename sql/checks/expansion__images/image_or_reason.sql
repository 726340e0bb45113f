-- An image is placed in the source's folder, or there is a reason.
select prompt_id, status, reason, path
from expansion__images
where (status = 'ok') <> (path is not null) or (status = 'ok') = (reason is not null)
order by 1
