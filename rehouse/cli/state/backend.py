"""The state backend of one stack, looked at: why it cannot be read, who holds the stack, whether an update has room."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from rehouse.cli.project import project_name
from rehouse.cli.state.damage import (
    ANSWERS,
    State,
    no_stack,
    sealed,
    trouble,
    unknown_ledger,
    unset,
)
from rehouse.cli.state.locks import Lock, locks_in
from rehouse.cli.state.settings import is_salted, not_yaml, settings_of_stack
from rehouse.cli.state.store import Folder, store_of
from rehouse.components.errors import OutOfReach, RehouseError, Wrong

Answer = Callable[..., str | None]  # of the engine to some words; None where it gives an error
WHO = ("whoami", "--verbose", "--json")
PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


class Backend:
    """*stack* is the one that was named, None for the one that is selected."""

    def __init__(self, folder: Path, stack: str | None, answer: Answer) -> None:
        self._folder, self._named, self._answer = folder, stack, answer
        self._is_begun = False

    def why(self, reason: str, is_unknown: bool) -> RehouseError:
        """What is wrong, by a look at the state and not by what the engine says, which is *reason*.

        Only where nobody but the engine can look, its word counts that the stack *is_unknown*.
        """
        return self._so_far(self._trouble(reason, is_unknown))

    def _trouble(self, reason: str, is_unknown: bool) -> RehouseError:
        url, name = self._url(), self._name()
        if wrong := not_yaml(self._folder, name):
            return wrong
        if url and not name and self._answer(*WHO):
            fix = "name it: --stack NAME; pulumi stack ls shows what there is"
            return Wrong("stack", "none is selected, or it is there no more", fix)
        state = self._state()
        if state is None and is_unknown:
            return no_stack(reason)
        return (trouble(state, reason) if state else None) or OutOfReach("engine", reason, ANSWERS)

    def why_sealed(self, reason: str, is_unknown: bool) -> RehouseError:
        """Why the outputs cannot be read as they are: secret."""
        self.must_be_yaml()
        if self._answer("stack", "output", "--json") is None:
            return self.why(reason, is_unknown)
        if self._lacks_passphrase():
            return self._so_far(unset(reason))
        return self._so_far(sealed(reason, self._restoring_outputs()))

    def must_be_yaml(self) -> None:
        """Raises Wrong where a file of the stack or its project is not."""
        if wrong := not_yaml(self._folder, self._name()):
            raise self._so_far(wrong)

    def why_unknown(self, output: str, values: int) -> RehouseError:
        """Why a ledger is none: so many *values* are not as they must be."""
        return self._so_far(unknown_ledger(output, values, self._restoring_outputs()))

    def locks(self) -> list[Lock] | None:
        """None where only the engine can look."""
        try:
            state = self._state()
            return locks_in(state.store, state.project, state.stack) if state else None
        except OutOfReach:
            return None

    def locks_in_folder(self) -> list[Lock] | None:
        """None where the state is kept elsewhere: there nobody meets it half written."""
        url = self._url()
        return self.locks() if url and isinstance(store_of(url), Folder) else None

    def locks_at_hand(self) -> list[Lock]:
        """Those that are seen in no time: in a folder, and without asking the engine where and which."""
        url, name = (
            os.environ.get("PULUMI_BACKEND_URL"),
            self._named or os.environ.get("PULUMI_STACK"),
        )
        at_hand = url and name and isinstance(store_of(url), Folder)
        return (self.locks() or []) if at_hand else []

    def must_have_room(self) -> None:
        """Raises OutOfReach. Asked once: what follows an update finishes or undoes it, and is tried in any case."""
        url = None if self._is_begun else self._url()
        store = store_of(url) if url else None
        if isinstance(store, Folder):
            store.must_take_an_update()
        self._is_begun = True

    def _so_far(self, error: RehouseError) -> RehouseError:
        return error if self._is_begun else error.with_state("nothing was touched")

    def _restoring_outputs(self) -> str | None:
        state = self._state()
        return state.restoring_outputs() if state else None

    def _state(self) -> State | None:
        url, name = self._url(), self._name()
        store = store_of(url) if url else None
        if store is None or name is None:
            return None
        stack = name.rpartition("/")[2]
        is_meant = is_salted(settings_of_stack(self._folder, stack))
        return State(store, project_name(self._folder), stack, is_meant)

    def _url(self) -> str | None:
        """None where it does not answer."""
        if told := os.environ.get("PULUMI_BACKEND_URL"):
            return told
        answer = self._answer(*WHO)
        return str(json.loads(answer)["url"]) if answer else None

    def _name(self) -> str | None:
        told = self._named or os.environ.get("PULUMI_STACK")
        return told or (self._answer("stack", "--show-name") or "").strip() or None

    def _lacks_passphrase(self) -> bool:
        """An empty one is one; the name of a file must not be empty."""
        given, file = PASSPHRASES
        name = None if given in os.environ or os.environ.get(file) else self._name()
        return name is not None and is_salted(settings_of_stack(self._folder, name))
