"""The route of images: looked up by content hash, decoded and encoded anew."""

from typing import Literal

from fastapi import APIRouter, Response

from eemo_pipeline.web.access import Person, Service
from eemo_pipeline.web.image_views import SIZES_PX, NoView
from eemo_pipeline.web.missing_images import close_missing, find_image
from eemo_pipeline.web.problems import Refused

router = APIRouter()


@router.get("/img/{image_id}")
def show(
    image_id: str, session: Person, service: Service, size: Literal["large", "small"] = "large"
) -> Response:
    """Return a view of an image; one that cannot be shown is taken from all queues."""
    path = find_image(service.database, service.root, image_id)
    if path is None:
        raise Refused(404, "no_such_image", "there is no such image", "go back to /")
    try:
        view = service.views.find(path, image_id, SIZES_PX[size])
    except NoView as error:
        close_missing(service.database, session, image_id, str(error))
        raise Refused(
            410, "image_missing", f"the image cannot be shown: {error}", "take the next one"
        ) from None
    headers = {"etag": f'"{image_id}-{size}"', "cache-control": "private, max-age=86400, immutable"}
    return Response(view, media_type="image/jpeg", headers=headers)
