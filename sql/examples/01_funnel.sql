-- How many images are left at each step?
select step, meaning, pictures, share_of_found from funnel order by step_no
