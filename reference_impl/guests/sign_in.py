"""Signing in at an identity provider: OAuth 2.0 authorization code flow with PKCE, spoken by Authlib."""

import asyncio
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from cryptography.fernet import InvalidToken
from fastapi import Response
from starlette.responses import RedirectResponse

from reference_impl.guests.pages import Trouble
from reference_impl.providers import Provider, provider_of
from reference_impl.records import IntegrationRecord
from reference_impl.service import Service
from reference_impl.settings import Settings
from reference_impl.stores.sign_ins import Begun

_log = logging.getLogger(__name__)

CALLBACK = "/callback"
"""Path under the public base at which providers send browsers back."""

_LONGEST = 320
"""Characters of the longest e-mail address; whatever names a user is not longer."""

_ANSWER_TIMEOUT = 10.0
_PATIENCE = 15.0
"""Seconds a provider may take for one answer, and for all of them: a guest is waiting."""


def provider_for(settings: Settings, integration: IntegrationRecord) -> Provider | None:
    """Return the provider of an integration, or None if guests cannot sign in with its type."""
    private = {str(type_): own for type_, own in settings.providers.items()}
    try:
        return provider_of(integration.type, private, integration.directory)
    except KeyError:
        return None


def cookie_of(sign_in_id: str) -> str:
    """Return the name of the cookie that holds the browser's secret: several tabs may sign in at once."""
    return f"sign-in-{sign_in_id[:8]}"


def cookie_path(service: Service) -> str:
    """Return the one path that these cookies are sent to."""
    return urlsplit(service.settings.public_base).path + CALLBACK


def to_provider(
    service: Service, integration: IntegrationRecord, provider: Provider, begun: Begun, lifetime: int
) -> Response:
    """Send a browser to the provider, with a cookie that lives as long as the sign-in may take, in seconds."""
    client = AsyncOAuth2Client(
        integration.client_id,
        scope=provider.scope,
        redirect_uri=service.settings.public_base + CALLBACK,
        code_challenge_method="S256",
    )
    url, _ = client.create_authorization_url(
        provider.authorize_url, state=service.tokens.state(begun.id), code_verifier=begun.verifier
    )
    response = RedirectResponse(url, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    response.set_cookie(
        cookie_of(begun.id),
        begun.browser,
        max_age=lifetime,
        path=cookie_path(service),
        secure=service.settings.public_base.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


async def identity_of(
    service: Service, integration: IntegrationRecord, provider: Provider, code: str, verifier: str
) -> str:
    """Turn the code of a callback into what the provider calls the user. Raises Trouble."""
    try:
        secret = service.integrations.secret(integration)
    except InvalidToken:
        _log.error("the secret of integration %s was sealed with another server.secret", integration.id)
        raise Trouble("unavailable") from None
    asked = f"sign-in at {provider.label} with integration {integration.id}"
    try:
        async with (
            asyncio.timeout(_PATIENCE),
            AsyncOAuth2Client(
                integration.client_id,
                secret,
                # In the body all providers take it; in a header GitHub does not promise to.
                token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
                redirect_uri=service.settings.public_base + CALLBACK,
                timeout=_ANSWER_TIMEOUT,
                follow_redirects=False,
                trust_env=False,
            ) as client,
        ):
            await client.fetch_token(provider.token_url, code=code, code_verifier=verifier)
            answer = await client.get(provider.user_url, headers={"Accept": "application/json"})
            answer.raise_for_status()
            profile = answer.json()
    except (httpx2.TransportError, TimeoutError) as error:
        _log.warning("%s: %s", asked, type(error).__name__)
        raise Trouble("provider_silent", provider=provider.label) from error
    except (AuthlibBaseError, httpx2.HTTPError, ValueError, KeyError) as error:
        # Not the whole text: it is the provider's, and may repeat what it was sent.
        _log.warning("%s: %s %s", asked, type(error).__name__, getattr(error, "error", ""))
        raise Trouble("provider_refused", provider=provider.label) from error
    identity = _identity(profile, provider)
    if identity is None:
        _log.warning("%s: the profile has none of %s", asked, ", ".join(provider.identity))
        raise Trouble("provider_refused", provider=provider.label)
    return identity


def _identity(profile: object, provider: Provider) -> str | None:
    if not isinstance(profile, Mapping):
        return None
    found = (profile.get(name) for name in provider.identity)
    return next((value for value in found if isinstance(value, str) and _usable(value)), None)


def _usable(identity: str) -> bool:
    return bool(identity.strip()) and identity.isprintable() and len(identity) <= _LONGEST
