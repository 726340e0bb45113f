-- Images that two judges both judged, and the share to which both give the same emotion.
select first_judge, second_judge, pictures as images, alike, share_alike
from agreement
order by first_judge, second_judge
