-- An image has a verdict only if a person explains what it evokes.
select e.image_id, e.status, e.evoked_by, e.text
from texts__evocations as e
anti join annotations as a on e.image_id = a.kept_image_id and length(trim(a.comment)) > 0
where e.status = 'ok'
order by e.image_id
