"""Prints the CloudFormation template that the SAM template becomes, without calling AWS.

    .venv/bin/python .ci/expand_template.py infra/template.yaml > expanded.json

Neither `sam validate` nor cfn-lint sees a misspelt property of a SAM resource; the translator refuses it, and cfn-lint
reads what it writes.
"""

import argparse
import json
import sys
from pathlib import Path

import boto3
import yaml
from samcli.yamlhelper import yaml_parse
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# The translator only takes code that is uploaded already.
UPLOADED = {
    "AWS::Serverless::Function": ("CodeUri", "s3://bucket/key"),
    "AWS::Serverless::LayerVersion": ("ContentUri", "s3://bucket/key"),
}
# Partition and region decide a few ARNs; no credentials are read and no call is made.
SESSION = boto3.session.Session(region_name="us-east-1")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("template", type=Path)
    path = arguments.parse_args().template

    try:
        expanded = expand(path.read_text(encoding="utf-8"))
    except OSError as error:
        return refuse(f"{path} cannot be read: {error.strerror}")
    except InvalidDocumentException as error:
        reasons = [str(getattr(cause, "message", cause)) for cause in error.causes]
        return refuse(f"{path} is not a SAM template:", *reasons)
    except (ValueError, yaml.YAMLError) as error:
        return refuse(f"{path}: {error}")

    json.dump(expanded, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")
    return 0


def expand(text: str) -> dict:
    """The CloudFormation template of a SAM template's text."""
    template = yaml_parse(text)
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise ValueError("there is no section Resources")
    for name, resource in template["Resources"].items():
        if not isinstance(resource, dict):
            raise ValueError(f"the resource {name} is not a mapping")
        if resource.get("Type") in UPLOADED:
            code, place = UPLOADED[resource["Type"]]
            resource.setdefault("Properties", {})[code] = place
    return Translator({}, Parser(), boto_session=SESSION).translate(template, parameter_values={})


def refuse(*lines: str) -> int:
    print("\n  ".join(lines), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
