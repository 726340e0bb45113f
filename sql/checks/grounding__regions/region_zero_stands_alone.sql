-- Region 0 marks an image without a box: it has a reason, no box, and no other region beside it.
select g.image_id, g.region_no, g.status, g.reason, g.x1_px
from grounding__regions as g
where
    (g.region_no = 0 and (g.reason is null or g.x1_px is not null))
    or (g.region_no > 0 and g.x1_px is null)
    or (
        g.region_no > 0
        and g.image_id in (select image_id from grounding__regions where region_no = 0)
    )
order by g.image_id, g.region_no
