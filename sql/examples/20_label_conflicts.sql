-- Where do the people of two sources contradict each other about an image?
from label_conflicts limit 20
