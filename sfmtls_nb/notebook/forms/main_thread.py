"""The thread that forms are answered on: the kernel's main one, where the cells run.

JupyterLab 4.4 and later asks an ipykernel of 7 or later to answer widgets in a thread beside the cells (a subshell), and
ipykernel 7.4 then chooses between the two threads widget by widget, by who wrote to it last. So a button could be heard
before the field that was filled in before it, and Stop would not reach what a button had begun. On the main thread all
comes in the order in which it was done, and one thing at a time. Older kernels have only that one.

https://github.com/jupyterlab/jupyterlab/issues/19719 has more to say against the other thread.
"""

from __future__ import annotations

from ipywidgets import Widget
from traitlets import Bunch


def answer_on_main_thread(widget: Widget) -> None:
    """Answer a widget and its present and later children on the kernel's main thread, whatever the browser asks for."""
    if widget.comm is None:  # it has been closed
        return
    # ipykernel asks this of a comm, where it is there, for the id of the thread: None is the main one.
    widget.comm._reply_subshell_for = lambda _data, _asked: None  # noqa: SLF001  # there is no public switch
    if widget.has_trait("children"):
        widget.observe(_answer_children, "children")
        _answer_children(Bunch(new=widget.children))


def _answer_children(change: Bunch) -> None:
    for child in change.new:
        answer_on_main_thread(child)
