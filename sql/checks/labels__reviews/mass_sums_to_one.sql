-- The masses of an image and what is lost sum to 1.
select image_id, sum(mass) as mass, any_value(lost_mass) as lost_mass
from labels__reviews
group by image_id
having abs(sum(mass) + any_value(lost_mass) - 1) > 0.00001
order by image_id
