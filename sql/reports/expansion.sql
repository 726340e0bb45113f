-- Preserved records per emotion before and after the dataset was grown.
select scope, emotion, image_count as images, class_share
from expansion__class_shares
where (select sum(image_count) from expansion__class_shares) > 0
order by emotion, scope
