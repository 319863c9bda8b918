"""JupyterHub's settings for a class on one machine: a folder of its own for each learner. `make classroom` starts it so.

All servers run as the user who starts this, so what separates the learners is their sign-in, their folders, and that nothing
listens but on this machine; it is no wall: who wants to can read another's files. README.md says what that means.
"""

import os
import shutil
import sys
from pathlib import Path

from tornado.web import HTTPError

from sfmtls_nb.command.lab import copy_lessons
from sfmtls_nb.errors import SfmtlsError

HERE = Path(__file__).parent
FOLDER = Path(os.environ["CLASSROOM_FOLDER"])
TEACHER = "teacher"

c = get_config()  # noqa: F821  # JupyterHub gives it

c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['CLASSROOM_PORT']}"
c.JupyterHub.hub_port = int(os.environ["CLASSROOM_HUB_PORT"])
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['CLASSROOM_PROXY_PORT']}"
c.ConfigurableHTTPProxy.command = [os.environ["CLASSROOM_PROXY"]]
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "hub" / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{FOLDER / 'hub' / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(FOLDER / "hub" / "cookie_secret")

# One password for the learners, and another for the teacher, by a pipe. Neither is kept: the next start makes new ones.
PASSWORD, TEACHERS_PASSWORD = sys.stdin.read().split()
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = PASSWORD
c.SharedPasswordAuthenticator.admin_password = TEACHERS_PASSWORD
c.Authenticator.allowed_users = set(os.environ["CLASSROOM_LEARNERS"].split())
c.Authenticator.admin_users = {TEACHER}
c.Authenticator.delete_invalid_users = True  # those of an earlier class in this folder


def home(spawner):
    """The folder of a learner."""
    return FOLDER / "learners" / spawner.user.name


def prepare(spawner):
    """Make what a learner has, before the server starts; what is there already stays as it is."""
    try:
        (home(spawner) / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_lessons(home(spawner) / "lessons")
        if spawner.user.name == TEACHER:
            shutil.copy(HERE / "teacher.ipynb", home(spawner) / "lessons")
            spawner.default_url = "/lab/tree/teacher.ipynb"
        else:
            (FOLDER / "class" / spawner.user.name).mkdir(parents=True, exist_ok=True)
    except (OSError, SfmtlsError) as error:  # a full disk, a folder that may not be written to
        said = HTTPError(500)  # of others, the first page that the learner sees says nothing
        said.jupyterhub_message = f"Your folder cannot be made ready; tell whoever runs the class. {error}"
        raise said from error


c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(FOLDER / "learners" / "{username}")
c.Spawner.pre_spawn_hook = prepare
c.Spawner.cmd = [str(Path(sys.executable).with_name("jupyterhub-singleuser"))]
# Nobody is asked whether news may be fetched.
c.Spawner.args = ["--LabApp.news_url=", *(["--allow-root"] if os.geteuid() == 0 else [])]
c.Spawner.notebook_dir = str(FOLDER / "learners" / "{username}" / "lessons")
c.Spawner.default_url = "/lab/tree/00_start_here.ipynb"
c.Spawner.start_timeout = 120  # a whole class starts at the same moment
c.Spawner.environment = {
    "TMPDIR": lambda spawner: str(home(spawner) / "tmp"),
    # Where progress is kept for those who join: %sf_classroom --join.
    "SFMTLS_NB_CLASSROOM": lambda spawner: str(FOLDER / "class" / spawner.user.name),
    "SFMTLS_NB_CLASS": lambda spawner: str(FOLDER / "class") if spawner.user.name == TEACHER else "",
}
