-- Which judges agree with one another, and which with people?
select first_judge, second_judge, pictures, share_alike
from agreement
order by share_alike desc, first_judge, second_judge
