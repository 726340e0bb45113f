-- How many images are pleasant and calm, unpleasant and excited?
select va_quadrant(valence, arousal) as quadrant, count(*) as images from images group by all order by all
