"""Stage expansion: what verified triplets ask for, and what became of it.

EmoVerse (arXiv 2511.12554) turns verified triplets into search queries and into prompts for
generated images, and takes both kinds of images in again. Here the images come back as the sources
`web` and `aigc`, in the next run: a table cannot be made from itself.
"""
