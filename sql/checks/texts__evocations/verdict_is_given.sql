-- A text is marked direct, indirect or both; a refused one has no mark.
select image_id, status, evoked_by, text
from texts__evocations
where (status = 'ok') <> (evoked_by is not null)
order by image_id
