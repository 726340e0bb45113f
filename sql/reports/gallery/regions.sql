-- Boxes and masks of the images $image_ids: those of the record, else those that were found.
select image_id, region_no, x1_px, y1_px, x2_px, y2_px, phrase, mask_size_px, mask_counts
from records__regions
where image_id in (select unnest($image_ids))
union all
select image_id, region_no, x1_px, y1_px, x2_px, y2_px, phrase, mask_size_px, mask_counts
from grounding__regions
where
    image_id in (select unnest($image_ids))
    and status = 'ok'
    and region_no > 0
    and image_id not in (select image_id from records__regions)
order by image_id, region_no
