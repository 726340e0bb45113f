-- Which images evoke awe most, and where are their files?
select image_path, mass, rater_count from top('awe', n := 5)
