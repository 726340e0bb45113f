-- Boxes per tenth of the image's width and height, by the box's centre.
select
    least(9, floor((x1_share + x2_share) / 2 * 10))::integer as column_tenth,
    least(9, floor((y1_share + y2_share) / 2 * 10))::integer as row_tenth,
    count(*) as boxes
from boxes
group by column_tenth, row_tenth
order by row_tenth, column_tenth
