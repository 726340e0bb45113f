"""Images as people see them, encoded anew for a page."""

from pathlib import Path

_QUALITY = 90


def encode_view(item: tuple[Path, str, int]) -> bytes | str:
    """Return the JPEG of a (path, image_id, long side in px), or the reason for having none.

    The view is the upright first frame in sRGB, without metadata: the bytes of a dataset's file
    never reach a browser. It is called in a child process with limits.
    """
    import simplejpeg

    from eemo_pipeline.imaging.opening import UnreadablePicture, open_picture

    path, image_id, long_side = item
    try:
        rgb = open_picture(path, long_side, image_id).rgb
    except UnreadablePicture as refusal:
        return refusal.reason
    return simplejpeg.encode_jpeg(rgb.copy(order="C"), quality=_QUALITY, colorspace="RGB")
