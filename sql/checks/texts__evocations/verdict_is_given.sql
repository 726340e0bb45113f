-- A text says whether the emotions come directly or indirectly, and a refused one says nothing.
select image_id, status, evoked_by, text
from texts__evocations
where (status = 'ok') <> (evoked_by is not null)
order by image_id
