-- severity: warn
-- Every model with an answer in the annotations has a row among the costs.
select annotator, model, count(*) as answers
from annotation__replies
where status = 'ok' and model not in (select model from costs__calls)
group by annotator, model
order by annotator, model
