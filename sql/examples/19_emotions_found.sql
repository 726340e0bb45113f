-- Which emotions do annotators and verifier find where people do?
from agreement_by_emotion where 'people' in (first_judge, second_judge) order by specific_agreement desc
