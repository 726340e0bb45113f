-- A refused sample belongs to a run of its recipe.
select distinct f.recipe
from training__refusals as f
where f.recipe not in (select r.recipe from training__runs as r)
order by f.recipe
