"""What one request is charged: its address at the door, its caller once recognised."""

from uuid import UUID

from app.access.limits.limiter import Limiter, Standing
from app.access.limits.policies import Per, Policy
from app.access.principal import Principal
from app.core.errors import TooManyRequests
from app.core.i18n import msg


class Charges:
    """The policies one request falls under, and where its sender stands."""

    def __init__(self, limiter: Limiter, policies: tuple[Policy, ...], *, asked: str, address: str) -> None:
        self._limiter = limiter
        self._address = address
        self._policies = [p for p in policies if p.on is None or p.on.fullmatch(asked)]
        self._standings: list[Standing] = []

    async def at_the_door(self) -> None:
        """Count the request by its address.

        Raises:
            TooManyRequests: the address's quota is used up.
        """
        for policy in self._policies:
            if policy.per is Per.ADDRESS:
                await self._take(policy, self._address)

    async def caller(self, caller: Principal) -> None:
        """Count the request by who it is from.

        Raises:
            TooManyRequests: the caller's quota is used up.
        """
        known = caller.id if caller.kind == "person" else caller.client_id
        whose = {
            Per.VISITOR: self._address if caller.kind == "visitor" else None,
            Per.PERSON: caller.id if caller.kind == "person" else None,
            Per.CLIENT: caller.client_id,
            Per.CALLER: known or self._address,
        }
        for policy in self._policies:
            if counted := whose.get(policy.per):
                await self._take(policy, str(counted))

    async def application(self, client_id: UUID) -> None:
        """Count the request by the application that has proved who it is.

        Raises:
            TooManyRequests: the application's quota is used up.
        """
        for policy in self._policies:
            if policy.per is Per.APPLICATION:
                await self._take(policy, str(client_id))

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-10: what holds, and what is left of it."""
        if not self._standings:
            return []
        of = [(s.policy, s) for s in self._standings]
        policy = ", ".join(f'"{p.name}";q={p.quota};w={p.window}' for p, _ in of)
        limit = ", ".join(f'"{p.name}";r={s.remaining};t={s.seconds}' for p, s in of)
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", limit.encode())]

    async def _take(self, policy: Policy, whose: str) -> None:
        standing = await self._limiter.take(policy, whose)
        self._standings.append(standing)
        if not standing.admitted:
            problem = TooManyRequests(
                msg(
                    "此类请求每 {window} 秒最多 {quota} 次，请于 {seconds} 秒后重试",
                    window=policy.window,
                    quota=policy.quota,
                    seconds=standing.seconds,
                ),
                headers={"Retry-After": str(standing.seconds)},
            )
            # The draft's own member name, which is no Python name.
            problem.data["violated-policies"] = [policy.name]
            raise problem
