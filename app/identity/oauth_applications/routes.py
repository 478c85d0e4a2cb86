"""Applications over the API: one's own, the province's, and those that act for the caller."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.access.entry import Reads, Router, Writes
from app.access.guards import requires
from app.access.permissions import Permission
from app.access.principal import Principal
from app.core.etag import IfMatch, tag
from app.core.keyset import Part, link_next
from app.core.schema import PageOf
from app.identity.oauth_applications import review as reviewing
from app.identity.oauth_applications import service
from app.identity.oauth_applications.schemas import (
    ConnectionOut,
    OAuthApplicationChange,
    OAuthApplicationIn,
    OAuthApplicationOut,
    OAuthApplicationQuery,
    RegisteredOut,
    ReviewIn,
    RotateIn,
    SecretOut,
    SystemApplicationIn,
)
from app.identity.provider.grants import disconnect, own_connections
from app.identity.provider.models import OAuthClient

mine = Router(prefix="/me", tags=["me"])
of_province = Router(prefix="/applications", tags=["applications"])
Self = Annotated[Principal, requires(Permission.ACCOUNT_MANAGE)]
Developer = Annotated[Principal, requires(Permission.APPLICATIONS_OWN)]
Admin = Annotated[Principal, requires(Permission.APPLICATIONS_MANAGE)]


@mine.get("/connections", operation_id="listMyConnections")
async def list_connections(db: Reads, caller: Self) -> list[ConnectionOut]:
    """The applications that act for the caller, the latest first."""
    return [ConnectionOut.model_validate(one) for one in await own_connections(db, caller=caller)]


@mine.delete("/connections/{connection_id}", status_code=204, operation_id="endMyConnection")
async def end_connection(connection_id: UUID, db: Writes, caller: Self) -> None:
    """Let an application act for the caller no more; its tokens end at once."""
    await disconnect(db, caller=caller, grant_id=connection_id)


@mine.get("/applications", operation_id="listMyApplications")
async def list_own(db: Reads, caller: Developer) -> list[OAuthApplicationOut]:
    """The applications the caller registered, the newest first."""
    return [OAuthApplicationOut.model_validate(row) for row in await service.own(db, caller=caller)]


@mine.post("/applications", status_code=201, operation_id="registerMyApplication")
async def register_own(new: OAuthApplicationIn, db: Writes, caller: Developer) -> RegisteredOut:
    """Register an application; until an admin of the province approves it, it works for the caller alone."""
    return _registered(await service.register_own(db, caller=caller, new=new))


@of_province.get("", operation_id="listApplications")
async def list_applications(
    request: Request,
    response: Response,
    db: Reads,
    caller: Admin,
    wanted: Annotated[OAuthApplicationQuery, Query()],
) -> PageOf[OAuthApplicationOut]:
    """The applications of the caller's province, the newest first."""
    found = await service.find(db, caller=caller, wanted=wanted, part=Part.of(request, wanted))
    link_next(request, response, found.next)
    return PageOf(items=[OAuthApplicationOut.model_validate(row) for row in found.items], next=found.next)


@of_province.post("", status_code=201, operation_id="registerSystem")
async def register_system(new: SystemApplicationIn, db: Writes, caller: Admin) -> RegisteredOut:
    """Register a system that acts for an organisation of the province, or the province."""
    return _registered(await service.register_system(db, caller=caller, new=new))


@of_province.get("/{application_id}", operation_id="getApplication")
async def get_application(
    application_id: UUID, response: Response, db: Reads, caller: Developer
) -> OAuthApplicationOut:
    """One of the caller's applications, or for an admin of the province's; its ETag is what changes name in If-Match."""
    return _tagged(response, await service.get(db, caller=caller, application_id=application_id))


@of_province.put("/{application_id}", operation_id="changeApplication")
async def change_application(
    application_id: UUID,
    changes: OAuthApplicationChange,
    version: IfMatch,
    response: Response,
    db: Writes,
    caller: Developer,
) -> OAuthApplicationOut:
    """Change an application; of a developer's approved one, what was approved waits for an admin (`proposed`)."""
    changed = await service.change(
        db, caller=caller, application_id=application_id, version=version, changes=changes
    )
    return _tagged(response, changed)


@of_province.post("/{application_id}/secret", status_code=201, operation_id="rotateApplicationSecret")
async def rotate_secret(
    application_id: UUID, wanted: RotateIn, version: IfMatch, db: Writes, caller: Developer
) -> SecretOut:
    """A new secret, told this once; the old one ends now, or after 24 hours."""
    secret = await service.rotate(
        db, caller=caller, application_id=application_id, version=version, keep_old=wanted.keep_old
    )
    return SecretOut(secret=secret)


@of_province.post("/{application_id}/review", operation_id="reviewApplication")
async def review_application(
    application_id: UUID, word: ReviewIn, version: IfMatch, response: Response, db: Writes, caller: Admin
) -> OAuthApplicationOut:
    """Approve a developer's application or its changes, or refuse."""
    reviewed = await reviewing.review(
        db,
        caller=caller,
        application_id=application_id,
        version=version,
        decision=word.decision,
        reason=word.reason,
        scopes=word.scopes,
    )
    return _tagged(response, reviewed)


@of_province.post("/{application_id}/disable", operation_id="disableApplication")
async def disable_application(
    application_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Developer
) -> OAuthApplicationOut:
    """End an application with every token it has."""
    ended = await service.set_status(
        db, caller=caller, application_id=application_id, version=version, status="disabled"
    )
    return _tagged(response, ended)


@of_province.post("/{application_id}/enable", operation_id="enableApplication")
async def enable_application(
    application_id: UUID, version: IfMatch, response: Response, db: Writes, caller: Admin
) -> OAuthApplicationOut:
    """Let an application be used again."""
    again = await service.set_status(
        db, caller=caller, application_id=application_id, version=version, status="active"
    )
    return _tagged(response, again)


def _registered(made: service.Registered) -> RegisteredOut:
    return RegisteredOut(application=OAuthApplicationOut.model_validate(made.client), secret=made.secret)


def _tagged(response: Response, client: OAuthClient) -> OAuthApplicationOut:
    tag(response, client.version)
    return OAuthApplicationOut.model_validate(client)


router = APIRouter()
router.include_router(mine)
router.include_router(of_province)
