-- severity: warn
-- Where experts answered about at least 20 images, their agreement with the lexicon is more than
-- fair: weighted kappa above 0.4 (Landis and Koch 1977).
select dimension, image_count, agreed_share, weighted_kappa, alpha
from labels__validation_agreement
where expert = 'all experts' and image_count >= 20 and coalesce(weighted_kappa, 0) <= 0.4
order by dimension
