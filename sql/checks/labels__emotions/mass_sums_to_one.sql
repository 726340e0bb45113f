-- Per image and taxonomy, the masses and the mass lost in the mapping sum to 1.
select image_id, taxonomy, sum(mass) as mass, any_value(lost_mass) as lost_mass
from labels__emotions
group by image_id, taxonomy
having
    abs(sum(mass) + any_value(lost_mass) - 1) > 0.00001
    or count(distinct lost_mass) > 1
order by image_id, taxonomy
