"""What can be added to a manifest's rows: texts by a labeller, word times by an aligner."""

from typing import Any, Protocol

from viseme.data.manifest import Clip


class Annotator(Protocol):
    """Adds something to clips; small, comparable, and to be sent to other processes."""

    @property
    def keeps_unfit(self) -> bool:
        """Whether a clip that it can do nothing for stays in the manifest as it is."""
        ...

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides what it adds, in plain types; another identity does the work anew."""
        ...

    def wants(self, clip: Clip) -> bool:
        """Whether the clip lacks what this adds."""
        ...

    def annotate(self, clip: Clip) -> Clip:
        """The clip with what was added.

        Raises:
            UnfitError: nothing can be added to this clip; the others go on.
            VisemeError: not the clip's fault, such as a missing package.
        """
        ...
