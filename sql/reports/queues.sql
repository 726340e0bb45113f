-- Images that people are asked about, by queue, and how many of them somebody has judged.
select
    q.queue,
    count(*) as images,
    count(*) filter (where v.image_id is not null) as judged
from review__queue as q
left join (select distinct image_id from review__votes where phase = 'blind') as v on q.image_id = v.image_id
group by q.queue
order by q.queue
