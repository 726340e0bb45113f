-- Does another source help, or only its number of images? What do attributes and features add?
select study, tested_on, arm, number, value, lower, upper, difference, p, status, published
from studies
where number = 'Accuracy'
