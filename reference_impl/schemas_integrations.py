"""Bodies of auth integrations."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from reference_impl.schemas import Body, Name, printable

IntegrationType = Literal["azure", "github", "google", "saml2"]

_ClientId = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(printable)]
_ClientSecret = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(printable)]
_Directory = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(printable)]


class ConfigUpdate(Body):
    """Credentials at the provider; `tenant` is the directory whose users may sign in, for azure alone."""

    client_id: _ClientId
    client_secret: _ClientSecret | None = Field(default=None, repr=False)
    tenant: _Directory | None = None


class ConfigCreate(ConfigUpdate):
    """Credentials of a new integration, secret included."""

    client_secret: _ClientSecret = Field(repr=False)


class IntegrationUpdate(Body):
    """The whole writable state of an integration; a secret left out stays as it is."""

    name: Name
    type: IntegrationType
    config: ConfigUpdate

    @model_validator(mode="after")
    def _tenant_fits(self) -> Self:
        if self.config.tenant is not None and self.type != "azure":
            raise ValueError("'config.tenant' is for azure alone; leave it out")
        return self


class IntegrationCreate(IntegrationUpdate):
    """A new integration."""

    config: ConfigCreate


class ConfigView(BaseModel):
    """The credentials that may be read back."""

    client_id: str
    tenant: str | None


class IntegrationView(BaseModel):
    """An integration as answered, never with its secret."""

    id: str
    name: str
    type: IntegrationType
    config: ConfigView
    test_url: str
    created_at: str
