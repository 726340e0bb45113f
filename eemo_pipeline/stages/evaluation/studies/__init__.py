"""Studies of what data and attributes do to a model, each in a small form that needs no GPU.

Every study fits the same classifier (`stats/linear_classifier.py`) on frozen features of labelled
images, several times with other data or inputs, and tests it on images whose near-duplicates it has
not seen. A study returns trials (`trials.py`); `study_table.py` makes rows of them.
"""
