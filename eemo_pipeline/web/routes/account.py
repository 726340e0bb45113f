"""Routes of a person's account: log in and out, consent, what they do not want to see."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from eemo_pipeline.web import keymap, people
from eemo_pipeline.web.access import Acting, Person, Service
from eemo_pipeline.web.problems import Refused

router = APIRouter()
Short = Annotated[str, Field(max_length=40)]


class Login(BaseModel):
    """What a login link carries."""

    model_config = ConfigDict(extra="forbid")
    token: Annotated[str, Field(max_length=200)]


class Consent(BaseModel):
    """What a person has read."""

    model_config = ConfigDict(extra="forbid")
    guide_version: Annotated[str, Field(max_length=40)]


class Avoided(BaseModel):
    """Emotions whose images a person does not want to see."""

    model_config = ConfigDict(extra="forbid")
    emotions: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=8)]


class Keys(BaseModel):
    """A person's keys; actions that are left out keep the usual one."""

    model_config = ConfigDict(extra="forbid")
    keys: Annotated[dict[Short, Short], Field(max_length=200)] = {}
    single_keys: bool = True


class Ratings(BaseModel):
    """How a person rates valence and arousal."""

    model_config = ConfigDict(extra="forbid")
    rating_input: Literal["scales", "grid"]


@router.post("/login")
def log_in(body: Login, request: Request, service: Service) -> Response:
    """Use up a login link."""
    reply = JSONResponse({"ok": True})
    reply.set_cookie(
        service.cookie,
        service.log_in(body.token),
        max_age=people.IDLE_MS // 1000,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return reply


@router.post("/logout")
def log_out(session: Acting, service: Service) -> Response:
    """End the session."""
    people.log_out(service.database, session)
    reply = JSONResponse({"ok": True})
    reply.delete_cookie(service.cookie)
    return reply


@router.get("/api/me")
def me(session: Person, service: Service) -> dict[str, Any]:
    """Return who is logged in, with the token that requests of the page carry."""
    return {
        "name": session.name,
        "rater_id": session.rater_id,
        "role": session.role,
        "csrf": session.csrf,
        "has_consented": session.has_consented,
        "avoided": session.avoided,
        "rating_input": session.rating_input,
        "guide_version": service.guidelines.version,
        **vars(keymap.find_keys(service.database, session)),
    }


@router.post("/api/me/consent")
def consent(session: Acting, service: Service, body: Consent) -> dict[str, bool]:
    """Store that the person takes part, and has read the present guidelines."""
    if body.guide_version != service.guidelines.version:
        raise Refused(409, "guide_changed", "the guidelines have just changed", "reload the page")
    people.consent(service.database, session, body.guide_version)
    return {"ok": True}


@router.put("/api/me/avoided")
def avoid(session: Acting, service: Service, body: Avoided) -> dict[str, bool]:
    """Store what the person does not want to see."""
    try:
        people.avoid(service.database, session, body.emotions)
    except people.PersonProblem as error:
        raise Refused(422, "no_emotion", str(error), "choose from the list") from None
    return {"ok": True}


@router.put("/api/me/keys")
def choose_keys(session: Acting, service: Service, body: Keys) -> dict[str, bool]:
    """Store which keys the person uses."""
    try:
        keymap.choose_keys(service.database, session, body.keys, single_keys=body.single_keys)
    except keymap.KeyProblem as error:
        raise Refused(422, "no_key", str(error), "choose another key") from None
    return {"ok": True}


@router.put("/api/me/ratings")
def choose_ratings(session: Acting, service: Service, body: Ratings) -> dict[str, bool]:
    """Store how the person rates valence and arousal."""
    people.choose_rating_input(service.database, session, body.rating_input)
    return {"ok": True}
