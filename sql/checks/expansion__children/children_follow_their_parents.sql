-- A generated image is in the split of its parent, so none of a test image is trained on.
select image_id, parent_image_id, parent_split, split
from expansion__children
where split is not null and parent_split is not null and split <> parent_split
order by 1
