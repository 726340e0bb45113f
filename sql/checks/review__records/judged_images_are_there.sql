-- severity: warn
-- Images that people judged are in the data root. What was said of others is kept, and is part of no
-- label and no record until the image is back.
select p.image_id, p.outcome, p.judgement_count
from review__records as p
left join dedup__images as d on p.image_id = d.image_id
where d.image_id is null
order by p.image_id
