-- Each verifier answered, declined or abstained from at least one image.
select verifier, model, count(*) as pictures, min(reason) as reason
from verification__replies
group by verifier, model
having count(*) filter (where status <> 'error') = 0
order by verifier, model
