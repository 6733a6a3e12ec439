#!/bin/sh
# What a CI job does: check, plan or deploy, with a summary in markdown where GitHub wants one.
#   deploy.sh check|plan|deploy
# All else is told by variables, so that no text from outside becomes a part of a command:
#   REHOUSE_STACK     name of the stack; the selected one by default
#   REHOUSE_SERVICE   which service, where the stack has several
#   REHOUSE_FOLDER    folder of the project; this one by default
#   REHOUSE_INSTALL   what pip installs: a version, a wheel, a folder; without it rehouse is there already
# Ends as rehouse does, but `plan` with 0 also where there are changes: then `changed=true` is in $GITHUB_OUTPUT.
set -eu

main() {
    mode=${1-}
    case $mode in check | plan | deploy) ;; *) usage ;; esac
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    install
    cd -- "${REHOUSE_FOLDER:-.}"
    case $mode in
        check) run check ;;
        plan) run plan --exit-code ${REHOUSE_SERVICE:+-- "$REHOUSE_SERVICE"} ;;
        deploy) run deploy ${REHOUSE_SERVICE:+-- "$REHOUSE_SERVICE"} ;;
    esac
    summary >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
    case $mode:$status in
        plan:0) echo changed=false >>"${GITHUB_OUTPUT:-/dev/null}" ;;
        plan:3) echo changed=true >>"${GITHUB_OUTPUT:-/dev/null}" && status=0 ;;
        *:13) rehouse doctor || true ;; # says what is out of reach, and what to type
    esac
    exit "$status"
}

usage() {
    echo "deploy.sh: ${mode:-nothing} is not what it can do" >&2
    echo "  fix: deploy.sh check|plan|deploy" >&2
    exit 2
}

# In an environment of its own: a runner that is used again keeps nothing of the last job's version.
install() {
    [ -n "${REHOUSE_INSTALL:-}" ] || return 0
    python3 -m venv "$scratch/venv"
    PATH=$scratch/venv/bin:$PATH
    python -m pip install --quiet --disable-pip-version-check "$REHOUSE_INSTALL"
    [ "$mode" = check ] || pulumi plugin install resource docker "$(docker_plugin)"
}

# The plugin must be of the same version as the package that speaks to it.
docker_plugin() {
    python -c 'from importlib.metadata import version; print(version("pulumi-docker"))'
}

# rehouse with these words; its exit status is in $status. What it says on stderr is seen while it is said.
run() {
    mkfifo "$scratch/pipe"
    tee "$scratch/err" <"$scratch/pipe" >&2 &
    copier=$!
    rehouse "$@" >"$scratch/out" 2>"$scratch/pipe" &
    child=$!
    # A shell would keep the signal to itself. SIGINT is not what the child would hear: it is in the background.
    trap 'kill -TERM "$child" 2>/dev/null || true' HUP INT TERM
    await "$child"
    wait "$copier" || true
    cat "$scratch/out"
}

# A signal ends the waiting, not the child.
await() {
    status=0
    wait "$1" || status=$?
    while kill -0 "$1" 2>/dev/null; do
        status=0
        wait "$1" || status=$?
    done
}

# Indented text is shown as it is, whatever is in it.
summary() {
    printf '### rehouse %s%s: %s\n\n' "$mode" "${REHOUSE_STACK:+ of $REHOUSE_STACK}" "$(meaning)"
    said | tail -n 100 | sed 's/^/    /'
    echo
}

# What was found is on stdout; where nothing was, or it went wrong, the reason is on stderr.
said() {
    cat "$scratch/out"
    case $status in
        0 | 3) [ -s "$scratch/out" ] || cat "$scratch/err" ;;
        *) cat "$scratch/err" ;;
    esac
}

meaning() {
    case $mode:$status in
        plan:0) echo "nothing to do" ;;
        plan:3) echo "there are changes" ;;
        *:0) echo "done" ;;
        *:2) echo "wrong usage, spec, site or configuration; nothing was touched" ;;
        *:10) echo "failed and undone; what was live is live" ;;
        *:11) echo "failed, and the undo too: a person is needed" ;;
        *:12) echo "somebody else holds the stack; try again later" ;;
        *:13) echo "something needed is out of reach" ;;
        *:14) echo "refused" ;;
        *:129 | *:130 | *:143) echo "interrupted" ;;
        *) echo "ended with $status: a bug" ;;
    esac
}

main "$@"
