"""The people of the review tool: raters, one-time login links, sessions.

Nobody registers. An administrator adds a rater and hands over a link that works once. Tokens have
256 random bits; the database holds their hashes only.
"""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from eemo_pipeline.emotion.taxonomies import MIKELS_8
from eemo_pipeline.web.database import LEASES, RATERS, SESSIONS, ReviewDatabase

ROLES = ("viewer", "annotator", "reviewer", "adjudicator", "admin")
IDLE_MS = 12 * 3600 * 1000
CONSENT_VERSION = "1"
_OF_RATER = (
    *("name", "role", "consent_version", "avoided", "guide_version"),
    *("emotion_turn", "rating_input"),
)
_FIND_SESSION = (
    sa.select(SESSIONS, *(RATERS.c[name] for name in _OF_RATER))
    .join(RATERS, RATERS.c.rater_id == SESSIONS.c.rater_id)
    .where(
        SESSIONS.c.session_hash == sa.bindparam("hashed"),
        SESSIONS.c.expires_ms > sa.bindparam("now"),
        RATERS.c.is_active,
    )
)
_COUNT_RATERS = sa.select(sa.func.count()).select_from(RATERS)


class PersonProblem(Exception):
    """A name is taken, unknown, or no name."""


@dataclass(frozen=True)
class Session:
    """A person who is logged in.

    Attributes:
        session_hash: identifies the session in events; it cannot be used to log in.
        rater_id: random, the only name in events.
        name: as the administrator wrote it; shown to the person, never exported.
        role: what the person may do.
        csrf: what every request that changes something must carry.
        has_consented: to the present text of consent.
        avoided: emotions whose images the person does not want to see.
        guide_version: the guidelines that the person has read; empty before the first.
        emotion_turn: in which order the person sees the emotions (`fields.order_emotions`).
        rating_input: how the person rates valence and arousal, one of `fields.RATING_INPUTS`.
    """

    session_hash: str
    rater_id: str
    name: str
    role: str
    csrf: str
    has_consented: bool
    avoided: tuple[str, ...]
    guide_version: str = ""
    emotion_turn: int = 0
    rating_input: str = "scales"

    def may(self, role: str) -> bool:
        """Whether the person has this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


def absent(rater_id: str) -> Session:
    """Return a session for what happens to a person's task while they are away."""
    return Session("", rater_id, "", "viewer", "", has_consented=False, avoided=())


def now_ms() -> int:
    """Return the server's clock, milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_rater(database: ReviewDatabase, name: str, role: str) -> str:
    """Add a person; return the token of a login link.

    Raises:
        PersonProblem: the name is taken, empty or longer than 80 characters.
    """
    if not 0 < len(name.strip()) <= 80:
        raise PersonProblem("a name has 1 to 80 characters")
    token = secrets.token_urlsafe(32)
    row = {
        "rater_id": f"r{secrets.token_hex(6)}",
        "name": name.strip(),
        "role": role,
        "link_hash": hash_token(token),
        "is_active": True,
    }
    try:
        with database.writing() as connection:
            turn = connection.execute(_COUNT_RATERS).scalar_one()
            connection.execute(RATERS.insert().values(**row, emotion_turn=turn))
    except IntegrityError:
        raise PersonProblem(f"there is a person called {name.strip()!r} already") from None
    return token


def renew_link(database: ReviewDatabase, name: str) -> str:
    """Make a new login link for a person, end their sessions, and return its token.

    Raises:
        PersonProblem: nobody has this name.
    """
    token = secrets.token_urlsafe(32)
    with database.writing() as connection:
        rater_id = _find_rater(connection, name)
        change = RATERS.update().where(RATERS.c.rater_id == rater_id)
        connection.execute(change.values(link_hash=hash_token(token), is_active=True))
        connection.execute(SESSIONS.delete().where(SESSIONS.c.rater_id == rater_id))
    return token


def deactivate(database: ReviewDatabase, name: str) -> str:
    """Take a person's access and leases; what they said stays. Return their pseudonym.

    Raises:
        PersonProblem: nobody has this name.
    """
    with database.writing() as connection:
        rater_id = _find_rater(connection, name)
        change = RATERS.update().where(RATERS.c.rater_id == rater_id)
        connection.execute(change.values(link_hash=None, is_active=False))
        connection.execute(SESSIONS.delete().where(SESSIONS.c.rater_id == rater_id))
        connection.execute(LEASES.update().where(LEASES.c.rater_id == rater_id).values(until_ms=0))
    return rater_id


def list_raters(database: ReviewDatabase) -> list[dict[str, object]]:
    """Return the people, by name."""
    columns = (RATERS.c.rater_id, RATERS.c.name, RATERS.c.role, RATERS.c.is_active)
    with database.reading() as connection:
        rows = connection.execute(sa.select(*columns).order_by(RATERS.c.name)).mappings()
        return [dict(row) for row in rows]


def log_in(database: ReviewDatabase, token: str) -> str | None:
    """Use up a login link; return the secret of a new session, None where the link is not valid."""
    secret = secrets.token_urlsafe(32)
    with database.writing() as connection:
        used = connection.execute(
            RATERS.update()
            .where(RATERS.c.link_hash == hash_token(token), RATERS.c.is_active)
            .values(link_hash=None)
            .returning(RATERS.c.rater_id)
        ).scalar()
        if used is None:
            return None
        connection.execute(SESSIONS.delete().where(SESSIONS.c.expires_ms < now_ms()))
        connection.execute(
            SESSIONS.insert().values(
                session_hash=hash_token(secret),
                rater_id=used,
                csrf=secrets.token_urlsafe(24),
                expires_ms=now_ms() + IDLE_MS,
            )
        )
    return secret


def log_out(database: ReviewDatabase, session: Session) -> None:
    """End a session."""
    with database.writing() as connection:
        connection.execute(SESSIONS.delete().where(SESSIONS.c.session_hash == session.session_hash))


def find_session(database: ReviewDatabase, secret: str) -> Session | None:
    """Return the session of a cookie and keep it alive; None where it has ended."""
    hashed, now = hash_token(secret), now_ms()
    with database.reading() as connection:
        row = connection.execute(_FIND_SESSION, {"hashed": hashed, "now": now}).first()
    if row is None:
        return None
    if row.expires_ms - now < IDLE_MS - 60_000:  # written once a minute at most
        with database.writing() as connection:
            same = SESSIONS.c.session_hash == hashed
            connection.execute(SESSIONS.update().where(same).values(expires_ms=now + IDLE_MS))
    return Session(
        hashed,
        row.rater_id,
        row.name,
        row.role,
        row.csrf,
        row.consent_version == CONSENT_VERSION,
        tuple(json.loads(row.avoided)),
        row.guide_version or "",
        row.emotion_turn or 0,
        row.rating_input or "scales",
    )


def consent(database: ReviewDatabase, session: Session, guide_version: str) -> None:
    """Store that a person has agreed to the present text of consent, and read the guidelines."""
    _update(database, session, consent_version=CONSENT_VERSION, guide_version=guide_version)


def avoid(database: ReviewDatabase, session: Session, emotions: list[str]) -> None:
    """Store the emotions whose images a person does not want to see.

    Raises:
        PersonProblem: a word is no emotion.
    """
    unknown = sorted(set(emotions) - set(MIKELS_8))
    if unknown:
        raise PersonProblem(f"{unknown[0]!r} is none of {', '.join(MIKELS_8)}")
    _update(database, session, avoided=json.dumps(sorted(set(emotions))))


def choose_rating_input(database: ReviewDatabase, session: Session, chosen: str) -> None:
    """Store how a person rates valence and arousal, one of `fields.RATING_INPUTS`."""
    _update(database, session, rating_input=chosen)


def _update(database: ReviewDatabase, session: Session, **values: str) -> None:
    with database.writing() as connection:
        same = RATERS.c.rater_id == session.rater_id
        connection.execute(RATERS.update().where(same).values(**values))


def _find_rater(connection: sa.Connection, name: str) -> str:
    query = sa.select(RATERS.c.rater_id).where(RATERS.c.name == name.strip())
    found = connection.execute(query).scalar()
    if found is None:
        raise PersonProblem(f"nobody is called {name.strip()!r}")
    return found
