-- What did each model cost?
from cost_by('model')
