"""Who sends a request, and what they may do: dependencies of the routes.

Each is one coroutine that takes the request: dependencies of dependencies, and those that FastAPI
runs in a thread of their own, cost more than what they ask the database for.
"""

import hmac
from typing import Annotated

from fastapi import Depends, Header, Request

from eemo_pipeline.web import people
from eemo_pipeline.web.people import Session
from eemo_pipeline.web.problems import Refused
from eemo_pipeline.web.review_service import ReviewService

Token = Annotated[str, Header()]


async def find_service(request: Request) -> ReviewService:
    """Return what the requests of this server share."""
    return request.app.state.service


Service = Annotated[ReviewService, Depends(find_service)]


async def find_person(request: Request) -> Session | None:
    """Return the session of the request's cookie, None where nobody is logged in."""
    service: ReviewService = request.app.state.service
    secret = request.cookies.get(service.cookie, "")
    return people.find_session(service.database, secret) if secret else None


MaybePerson = Annotated[Session | None, Depends(find_person)]


async def require_person(request: Request) -> Session:
    """Return the session of the request.

    Raises:
        Refused: nobody is logged in.
    """
    session = await find_person(request)
    if session is None:
        raise Refused(401, "not_logged_in", "nobody is logged in", "open your login link")
    return session


Person = Annotated[Session, Depends(require_person)]


async def require_token(request: Request, x_csrf_token: Token = "") -> Session:
    """Return the session of a request that changes something: it carries the session's own token.

    Raises:
        Refused: nobody is logged in, or the token is missing.
    """
    session = await require_person(request)
    if not hmac.compare_digest(x_csrf_token.encode(), session.csrf.encode()):
        raise Refused(403, "csrf_missing", "the page's token is missing", "reload the page")
    return session


Acting = Annotated[Session, Depends(require_token)]


def require_role(session: Session, role: str) -> Session:
    """Return the session of a person with this role or a higher one.

    Raises:
        Refused: the role does not allow it.
    """
    if not session.may(role):
        raise Refused(403, "not_allowed", f"this is for the role {role}", "ask for another role")
    return session


async def require_annotator(request: Request, x_csrf_token: Token = "") -> Session:
    """Return the session of a person who may judge images.

    Raises:
        Refused: as `require_token`; or the role does not allow it, or the information has not been
            accepted.
    """
    session = await require_token(request, x_csrf_token)
    if not session.may("annotator"):
        raise Refused(403, "not_allowed", "viewers do not judge", "ask for another role")
    if not session.has_consented:
        raise Refused(403, "no_consent", "read and accept the information first", "open /")
    return session


Annotator = Annotated[Session, Depends(require_annotator)]
