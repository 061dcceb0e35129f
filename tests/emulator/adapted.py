"""The expanded template as MiniStack can deploy it. Each difference is something that MiniStack 1.5.33 cannot do:

- It knows no `ProviderURL` of a Cognito user pool, so an issuer of ours is given (a parameter, no change).
- It does not read the OpenAPI `Body` of an HTTP API: routes, integrations and authorizer are written out.
- It asks for an action of its own where SQS asks for the single one: `sqs:SendMessageBatch` is granted wherever
  `sqs:SendMessage` is, and so on.
- It sends no mail by the right to an identity, but by the right to all: `ses:SendEmail` is granted so.
- It has no saved questions to the logs, and deploys no stack that has one: they are left out.

The ad provider is on this machine and speaks HTTP, so the template's pattern for `ProviderUrl` is left out.

What MiniStack takes and then does nothing about is not in the comparison: throttling and access logs of the API, X-Ray,
alarms and the dashboard, encryption and recovery of tables. It starts a batch at once, whatever the
batching window.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

# On AWS the first stands for both:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html, named from memory 2026-11-21.
BATCHES = {
    "sqs:ChangeMessageVisibility": "sqs:ChangeMessageVisibilityBatch",
    "sqs:SendMessage": "sqs:SendMessageBatch",
}


def adapted(expanded: dict[str, Any], build: Path) -> dict[str, Any]:
    """The template with the code that `sam build` left in `build`, one folder for each function."""
    template = deepcopy(expanded)
    del template["Parameters"]["ProviderUrl"]["AllowedPattern"]
    resources = template["Resources"]
    for id, resource in list(resources.items()):
        match resource["Type"]:
            case "AWS::Lambda::Function":
                resource["Properties"]["Code"] = str(build / id)
            case "AWS::Logs::QueryDefinition":
                del resources[id]
            case "AWS::IAM::Role":
                for policy in resource["Properties"]["Policies"]:
                    for statement in policy["PolicyDocument"]["Statement"]:
                        statement["Action"] = with_batches(statement["Action"])
                        if "ses:SendEmail" in statement["Action"]:
                            statement["Resource"] = "*"
            case "AWS::ApiGatewayV2::Api":
                body = resource["Properties"].pop("Body")
                del resource["Properties"]["FailOnWarnings"]
                resource["Properties"] |= {"Name": body["info"]["title"], "ProtocolType": "HTTP"}
                resources |= written_out(id, body)
    return template


def with_batches(actions: str | list[str]) -> list[str]:
    actions = [actions] if isinstance(actions, str) else actions
    return actions + [BATCHES[action] for action in actions if action in BATCHES]


def written_out(api: str, body: dict[str, Any]) -> dict[str, Any]:
    """The resources that an API's OpenAPI document stands for."""
    resources = {f"{api}{name}": authorizer(api, name, scheme)
                 for name, scheme in body["components"]["securitySchemes"].items()}
    for number, (path, method, operation) in enumerate(operations(body)):
        integration = f"{api}Integration{number}"
        resources[integration] = {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
            "ApiId": {"Ref": api},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": operation["x-amazon-apigateway-integration"]["uri"],
            "PayloadFormatVersion": operation["x-amazon-apigateway-integration"]["payloadFormatVersion"],
        }}
        security = [name for scheme in operation.get("security", []) for name in scheme if name != "NONE"]
        resources[f"{api}Route{number}"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {
            "ApiId": {"Ref": api},
            "RouteKey": route_key(path, method),
            "Target": {"Fn::Sub": f"integrations/${{{integration}}}"},
            **({"AuthorizationType": "JWT", "AuthorizerId": {"Ref": f"{api}{security[0]}"}} if security else {}),
        }}
    return resources


def operations(body: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation)
            for path, methods in body["paths"].items() for method, operation in methods.items()]


def route_key(path: str, method: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def authorizer(api: str, name: str, scheme: dict[str, Any]) -> dict[str, Any]:
    wanted = scheme["x-amazon-apigateway-authorizer"]
    return {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": {
        "ApiId": {"Ref": api},
        "Name": name,
        "AuthorizerType": wanted["type"].upper(),
        "IdentitySource": [wanted["identitySource"]],
        "JwtConfiguration": {"Issuer": wanted["jwtConfiguration"]["issuer"],
                             "Audience": wanted["jwtConfiguration"]["audience"]},
    }}
