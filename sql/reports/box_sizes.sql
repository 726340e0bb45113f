-- Boxes by the share of the image that they cover, and the share of the box that its mask fills.
select
    case
        when area < 0.01 then '1: under 1 %'
        when area < 0.05 then '2: 1 to 5 %'
        when area < 0.2 then '3: 5 to 20 %'
        when area < 0.5 then '4: 20 to 50 %'
        else '5: 50 % and more'
    end as area_of_image,
    count(*) as boxes,
    round(avg(mask_share / nullif(area, 0)), 4) as mean_mask_in_box,
    round(avg(score), 4) as mean_score
from (
    select *, (x2_share - x1_share) * (y2_share - y1_share) as area
    from boxes
)
group by area_of_image
order by area_of_image
