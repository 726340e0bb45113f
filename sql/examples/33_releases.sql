-- What was released, how much of it, and under which licence?
from releases
