-- The run lengths of a mask add up to the pixels of its raster, and a region without one says why.
select image_id, region_no, reason, mask_size_px, list_sum(mask_counts) as mask_pixels
from records__regions
where
    (mask_counts is null and reason is null)
    or (
        mask_counts is not null
        and (
            len(mask_size_px) is distinct from 2
            or list_sum(mask_counts) is distinct from mask_size_px[1] * mask_size_px[2]
        )
    )
order by image_id, region_no
