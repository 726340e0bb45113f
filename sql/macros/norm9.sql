-- A rating in the nine steps of the review tool, -4 to 4, as a number between 0 and 1: norm9(x).
-- Null outside of the steps.
(x) as case when x between -4 and 4 then (x + 4) / 8.0 end
