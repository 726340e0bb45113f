-- Images left at each step, from the files on disk to the records.
select step, meaning, pictures as images, share_of_found
from funnel
where (select max(pictures) from funnel) > 0
order by step_no
