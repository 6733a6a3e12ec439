"""One stack, one service: the configuration chooses spec, target, site and replicas."""

from pathlib import Path

import pulumi

from rehouse.components.service import Service, plain_errors
from rehouse.components.settings import replicas_of, secrets_of
from rehouse.components.site import read_site
from rehouse.components.spec import read_spec

config = pulumi.Config()
with plain_errors():
    spec = read_spec(Path(__file__).parent / config.require("spec"))
    site = read_site(config.get_object("site"), f"Pulumi.{pulumi.get_stack()}.yaml, site")
    secrets, replicas = secrets_of(config), replicas_of(config)
Service(
    spec.service,
    spec,
    target=config.get("target") or "container",
    site=site,
    secrets=secrets,
    replicas=replicas,
)
