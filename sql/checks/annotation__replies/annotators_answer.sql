-- Each annotator answered or declined at least one image, unless its questions wait in a batch.
select annotator, model, count(*) as pictures, min(reason) as reason
from annotation__replies
group by annotator, model
having count(*) filter (where status <> 'error' or reason = 'waits_in_batch') = 0
order by annotator, model
