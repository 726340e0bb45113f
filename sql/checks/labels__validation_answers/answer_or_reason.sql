-- An answer that counts has a level and the tertile of its score; any other row has a reason.
select table_path, row, status, reason, expert_level, tertile
from labels__validation_answers
where
    (status = 'ok') <> (expert_level is not null and tertile is not null and image_id is not null)
    or (status = 'ok') <> (reason is null)
order by table_path, row
