"""The environment of the engine: what would make it write down or show what is secret is taken out."""

from collections.abc import Mapping

from rehouse.cli.state.address import parted

BACKEND = "PULUMI_BACKEND_URL"
PASSWORD = "PGPASSWORD"  # noqa: S105  # the name of the variable that PostgreSQL's clients read
SCHEMES = ("postgres://", "postgresql://")
# With these the engine writes every value that it is given into files and logs, in clear.
LOUD = (
    "PULUMI_DEBUG_GRPC",
    "PULUMI_OPTION_DEBUG",
    "PULUMI_OPTION_LOGFLOW",
    "PULUMI_OPTION_LOGTOSTDERR",
    "PULUMI_OPTION_OTEL_TRACES",
    "PULUMI_OPTION_SHOW_SECRETS",
    "PULUMI_OPTION_TRACING",
    "PULUMI_OPTION_VERBOSE",
)


def quiet(environment: Mapping[str, str]) -> dict[str, str]:
    """The same without LOUD; the password of a PostgreSQL backend in a variable of its own.

    The engine quotes the backend's address in its errors, and writes it into its log of every command.
    """
    kept = {key: value for key, value in environment.items() if key not in LOUD}
    if kept.get(BACKEND, "").lower().startswith(SCHEMES):
        kept[BACKEND], password = parted(kept[BACKEND])
        kept |= {} if password is None else {PASSWORD: password}
    return kept
