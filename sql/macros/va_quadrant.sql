-- The quadrant of a point of valence and arousal between 0 and 1 (Russell 1980): va_quadrant(v, a).
-- Null where a value is missing, or exactly in the middle.
(v, a) as
case
    when v > 0.5 and a > 0.5 then 'pleasant and excited'
    when v > 0.5 and a < 0.5 then 'pleasant and calm'
    when v < 0.5 and a > 0.5 then 'unpleasant and excited'
    when v < 0.5 and a < 0.5 then 'unpleasant and calm'
end
