-- Do the words of comments say what people's ratings say?
select comment_source, rating_source, dimension, pictures, pearson, spearman, mean_absolute_error
from lexicon_agreement
order by pearson desc, comment_source, rating_source, dimension
