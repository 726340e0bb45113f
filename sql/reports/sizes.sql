-- Kept images by their number of pixels, and their shapes.
select
    case
        when width_px * height_px < 100000 then '1: under 0.1 megapixels'
        when width_px * height_px < 500000 then '2: 0.1 to 0.5'
        when width_px * height_px < 1000000 then '3: 0.5 to 1'
        when width_px * height_px < 4000000 then '4: 1 to 4'
        else '5: 4 and more'
    end as megapixels,
    count(*) as images,
    count(*) filter (where width_px > height_px) as landscape,
    count(*) filter (where width_px < height_px) as portrait,
    count(*) filter (where width_px = height_px) as square
from dedup__images
group by megapixels
order by megapixels
