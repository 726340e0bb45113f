"""Stage review: what people are asked, what they said, and how far they agree.

The web tool that people use is `eemo_pipeline/web/`; this stage makes its queue and its answers
into tables.
"""
