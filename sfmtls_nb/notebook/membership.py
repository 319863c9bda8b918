"""Membership: whether a learner's progress is seen by the teacher of a class, which the learner decides: %sf_classroom."""

from __future__ import annotations

from argparse import Namespace

from IPython.core.magic import Magics, line_magic, magics_class

from sfmtls_nb.notebook.lines import argument, takes

_SEEN = "which lessons you opened, which exercises are done, how often a check said no, and how drills and the final test went"


@magics_class
class SfMembership(Magics):
    """In a class or not."""

    @line_magic
    @takes(
        argument("--join", action="store_true", help="let the teacher see your progress, also what there is already"),
        argument("--leave", action="store_true", help="take it back, all of it"),
    )
    def sf_classroom(self, chosen: Namespace) -> None:
        """Let the teacher of your class see your progress, or no longer; without a flag, say which it is.

        The teacher sees nothing that you type: no code, no names, no keys, no answers of an org.
        """
        from sfmtls_nb.notebook.course.progress import join, joined, leave, progress_folder  # noqa: PLC0415  # as in magics.py

        if chosen.join:
            join()
        if chosen.leave:
            leave()
        if joined():
            print(f"Your teacher sees {_SEEN}; nothing else. It is kept in {progress_folder()}.")
            print("%sf_classroom --leave takes it back.")
        else:
            print(
                f"Nobody else sees your progress. After %sf_classroom --join your teacher sees {_SEEN}; nothing else."
            )
