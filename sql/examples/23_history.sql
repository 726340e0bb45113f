-- What did every stage decide about one image?
from history((select min(image_id) from images))
