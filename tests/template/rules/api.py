"""Who gets in."""

from collections.abc import Iterator

from template import Resource, Template, look, target

# Answered without a token, by method and path.
OPEN = frozenset({
    # What the API can do, and nothing of anybody: clients read it before they have a token.
    "get /openapi.json",
    # Stripe signs what it sends; the function checks it.
    "post /webhooks/stripe",
})
# What a user of the template's own pool has for its tenant.
TENANT = "custom:tenant"


def a_route_asks_for_a_token(template: Template) -> Iterator[str]:
    """Leave the route to DefaultAuthorizer, or list it in OPEN with the reason."""
    for api in template.all("ApiGatewayV2::Api"):
        for path, methods in api.at("Body", "paths").items():
            for method, route in methods.items():
                # SAM writes `Authorizer: NONE` as a scheme of that name.
                asked = [name for scheme in look(route, "security") or [] for name in scheme if name != "NONE"]
                if asked != ([] if f"{method} {path}" in OPEN else ["TokenAuthorizer"]):
                    yield f"{api.id}: {method} {path}"


def a_token_is_checked_for_issuer_and_audience(template: Template) -> Iterator[str]:
    """Give TokenAuthorizer an issuer and an audience: a token for somebody else's service is no ticket here."""
    for api in template.all("ApiGatewayV2::Api"):
        schemes = api.at("Body", "components", "securitySchemes") or {}
        if set(schemes) != {"TokenAuthorizer"}:
            yield f"{api.id}: authorizers {', '.join(schemes)}"
        for name, scheme in schemes.items():
            authorizer = look(scheme, "x-amazon-apigateway-authorizer")
            if look(authorizer, "type") != "jwt":
                yield f"{api.id}: {name} is no JWT authorizer"
            for what in ("issuer", "audience"):
                if not look(authorizer, "jwtConfiguration", what):
                    yield f"{api.id}: {name} has no {what}"


def a_token_of_our_own_pool_says_whose_data_and_which_rights(template: Template) -> Iterator[str]:
    """A user's tenant and groups come from whoever made the user: nobody signs up alone, or writes its own tenant."""
    for pool in template.all("Cognito::UserPool"):
        tenant = [attribute for attribute in pool.at("Schema") or [] if attribute["Name"] == "tenant"]
        if [look(attribute, "Mutable") for attribute in tenant] != [False]:
            yield f"{pool.id}: no `tenant` that stays as it is"
        if pool.at("AdminCreateUserConfig", "AllowAdminCreateUserOnly") is not True:
            yield f"{pool.id}: anybody may sign up"
    for client in template.all("Cognito::UserPoolClient"):
        # Without a list it would be every attribute.
        if TENANT not in (client.at("ReadAttributes") or []):
            yield f"{client.id}: the token does not say {TENANT}"
        if TENANT in (client.at("WriteAttributes") or [TENANT]):
            yield f"{client.id}: callers may write {TENANT}"
    if "ops" not in [group.at("GroupName") for group in template.all("Cognito::UserPoolGroup")]:
        yield "no group `ops`"


def an_api_is_throttled_and_logged(template: Template) -> Iterator[str]:
    """Set DefaultRouteSettings and AccessLogSettings: one client must not use up the account, or go unseen."""
    for stage in template.all("ApiGatewayV2::Stage"):
        for bound in ("ThrottlingBurstLimit", "ThrottlingRateLimit"):
            if not stage.at("DefaultRouteSettings", bound):
                yield f"{stage.id}: {bound}"
        if log_group(template, stage).kind != "AWS::Logs::LogGroup":
            yield f"{stage.id}: AccessLogSettings"


def log_group(template: Template, stage: Resource) -> Resource:
    return template.get(target(stage.at("AccessLogSettings", "DestinationArn")))
