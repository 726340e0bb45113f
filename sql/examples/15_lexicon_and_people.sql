-- Do the lexicon's values of comments agree with people's ratings?
select comment_source, rating_source, dimension, pictures, pearson, spearman, mean_absolute_error
from lexicon_agreement
order by pearson desc, comment_source, rating_source, dimension
