-- The decisions of all stages about one image, in order. Parameter: $image_id.
from history($image_id)
