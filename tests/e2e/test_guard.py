"""No running instance is ever changed in place, whatever declares it otherwise: refused, or left as it is."""

import json

import pytest

from tests.e2e.estate import Stack, free_port

pytestmark = pytest.mark.e2e

# As a later version of ours, or a policy of the user's, might: an instance is declared otherwise than it runs.
OTHERWISE = """
import pulumi


def otherwise(given):
    if given.type_ == "docker:index/container:Container" and "router" not in given.name:
        props = {**given.props, "hostname": "another", "cpuShares": 512, "shmSize": 32}
        return pulumi.ResourceTransformationResult({**props, "restart": "no"}, given.opts)


pulumi.runtime.register_stack_transformation(otherwise)
"""


# A second service in the same stack.
NEIGHBOUR = """
home = str(site.router.home) + "-api"
beside = site.model_copy(update={"router": site.router.model_copy(update={"home": home})})
Service("api", Path(__file__).parent / "api.yaml", site=beside)
"""


@pytest.fixture
def declared_otherwise(stack: Stack) -> Stack:
    """Two replicas run, and would be declared otherwise today."""
    stack.up_or_fail(replicas=2)
    stack.up_or_fail(env={"N": "1"})
    program = stack.folder / "stacks" / "__main__.py"
    program.write_text(OTHERWISE + program.read_text())
    return stack


def test_a_deploy_that_would_change_what_runs_is_refused(declared_otherwise: Stack) -> None:
    """14, before anything is touched, with the instances and the properties named."""
    stack = declared_otherwise
    running = stack.unchanged()
    refused = stack.rehouse("deploy")
    assert refused.returncode == 14, refused.stderr
    for told in (f"{stack.generation()}-0 (", "restart", "nothing was touched"):
        assert told in refused.stderr, refused.stderr
    assert stack.unchanged() == running


def test_an_update_never_changes_what_runs(declared_otherwise: Stack) -> None:
    """A plain update, a first step that keeps it, an abort, a maintenance: each leaves it as it is."""
    stack = declared_otherwise
    live, running = stack.generation(), stack.unchanged()
    stack.up_or_fail()
    assert stack.unchanged() == running
    stack.write(env={"N": "2"}, rollout={"strategy": "canary", "pause": "promote"})
    for words in (["deploy"], ["abort"], ["maintenance", "on"], ["maintenance", "off"]):
        ended = stack.rehouse(*words)
        assert ended.returncode == 0, ended.stderr
        assert stack.unchanged(live) == running, words
    assert stack.unchanged() == running


def test_a_deploy_of_one_service_leaves_its_neighbours(stack: Stack) -> None:
    """Not raised before it is named, and not changed while another is, though its spec says otherwise."""
    program = stack.folder / "stacks" / "__main__.py"
    program.write_text(program.read_text() + NEIGHBOUR)
    stack.write()
    api = neighbour(stack, number=1)
    for service in ("web", "api"):
        ended = stack.rehouse("deploy", service)
        assert ended.returncode == 0, ended.stderr
        assert {each.labels["rehouse.service"] for each in stack.containers()} <= {"web", service}
    neighbour(stack, number=2, port=api)
    stack.write(env={"N": "1"})
    running = {each.id for each in stack.containers() if each.labels["rehouse.service"] == "api"}
    unnamed = stack.rehouse("deploy")
    assert (unnamed.returncode, "name one of them" in unnamed.stderr) == (2, True), unnamed.stderr
    assert stack.rehouse("deploy", "web").returncode == 0
    left = {each.id for each in stack.containers() if each.labels["rehouse.service"] == "api"}
    assert left == running


def neighbour(stack: Stack, number: int, port: int = 0) -> int:
    """The spec of another service; the port of its router."""
    port = port or free_port()
    about = {"service": "api", "env": {"N": str(number)}, "router": {"publish": port}}
    text = json.dumps({**stack.spec, **about})
    (stack.folder / "stacks" / "api.yaml").write_text(text)
    return port


def test_a_service_that_is_declared_no_more_is_not_deleted_by_a_command(stack: Stack) -> None:
    """14 before anything of it goes; a plain update does what the program says."""
    stack.up_or_fail()
    running = stack.unchanged()
    program = stack.folder / "stacks" / "__main__.py"
    whole = program.read_text()
    program.write_text(whole.partition("Service(\n")[0])
    refused = stack.rehouse("deploy", "web")
    assert (refused.returncode, "would be deleted" in refused.stderr) == (14, True), refused.stderr
    assert stack.unchanged() == running
    assert stack.answer()["version"]
    program.write_text(whole)
    again = stack.rehouse("deploy", "web")
    assert again.returncode == 0, again.stderr
    assert stack.unchanged() == running
