"""Identity providers: where each type has its endpoints, and which hosts a guest needs to sign in there."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from reference_impl.settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class Provider:
    """The endpoints of an OAuth 2.0 provider.

    `authorize_url` is opened by the guest's browser; `token_url` and `user_url` are asked by the service.
    `hosts` are what the browser needs, beside the portal, to get through the sign-in: names, no patterns.
    `identity` are the fields of the user's profile that name the user, the best first.
    """

    type: str
    label: str
    authorize_url: str
    token_url: str
    user_url: str
    scope: str
    hosts: tuple[str, ...]
    identity: tuple[str, ...]


# Azure has a directory in the path: the `tenant` of the integration, or everybody's.
_PROVIDERS = (
    Provider(
        type="azure",
        label="Microsoft",
        authorize_url="https://login.microsoftonline.com/{directory}/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/{directory}/oauth2/v2.0/token",  # noqa: S106 - a URL
        user_url="https://graph.microsoft.com/oidc/userinfo",
        scope="openid profile email",
        hosts=("login.microsoftonline.com", "login.live.com", "aadcdn.msauth.net", "aadcdn.msftauth.net"),
        identity=("email", "preferred_username", "sub"),
    ),
    Provider(
        type="github",
        label="GitHub",
        authorize_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",  # noqa: S106 - a URL
        user_url="https://api.github.com/user",
        scope="read:user user:email",
        hosts=("github.com", "github.githubassets.com"),
        identity=("email", "login", "sub"),
    ),
    Provider(
        type="google",
        label="Google",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - a URL
        user_url="https://openidconnect.googleapis.com/v1/userinfo",
        scope="openid profile email",
        hosts=("accounts.google.com", "ssl.gstatic.com", "www.gstatic.com", "fonts.gstatic.com"),
        identity=("email", "sub"),
    ),
)
PROVIDERS: Mapping[str, Provider] = {provider.type: provider for provider in _PROVIDERS}
"""The providers guests can sign in with, by the type of an integration."""


def provider_of(
    type_: str, settings: Mapping[str, ProviderSettings], directory: str | None = None
) -> Provider:
    """Return the provider of a type, with the endpoints that `[providers.<type>]` puts in place of its own.

    Raises KeyError for a type nobody can sign in with.
    """
    known = PROVIDERS[type_]
    own = settings.get(type_)
    place = quote(directory or "common", safe="")
    return Provider(
        type=known.type,
        label=known.label,
        authorize_url=(own.authorize_url if own else known.authorize_url).replace("{directory}", place),
        token_url=(own.token_url if own else known.token_url).replace("{directory}", place),
        user_url=own.user_url if own else known.user_url,
        scope=known.scope,
        hosts=own.guest_hosts if own else known.hosts,
        identity=known.identity,
    )
