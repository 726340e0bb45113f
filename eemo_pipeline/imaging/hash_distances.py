"""Distances between perceptual hashes, in bits: what they mean, and how they are counted."""

# Recompressed, resized and slightly cropped copies differ by up to 6 bits, copies cropped by a
# twentieth mostly by up to 10, unrelated photographs by 14 and more.
NEAR_BITS = 6
SPLIT_BITS = 10


def hash_distance(one: str, other: str) -> int:
    """Return the number of different bits of two hashes in hexadecimal digits."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
