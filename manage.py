#!/usr/bin/env python3
"""Django's door and the toolbox: `lab`, `test`, `simulate`, `replay`, `bench`.

Needs nothing but Python: the first run makes `.venv` beside this file and installs what
pyproject.toml asks for, in the versions that requirements.lock names. This file alone must be
readable by any Python 3, so that an old one gets a sentence and not a SyntaxError.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
VENV_PYTHON = os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")
LOCK = os.path.join(HERE, "requirements.lock")
EXTRAS = {"test": ["test", "server"], "bench": ["bench"]}
"""Which optional dependencies of pyproject.toml a command needs besides the app's own."""
SERVERS = ("KAFKALAB_DATABASE_URL", "KAFKALAB_REDIS_URL")
"""With one of these set every command needs `server`: the database is not a file then, or rooms span processes."""


def main():
    if sys.version_info < (3, 11):
        stop("Kafka Lab needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if not inside_our_venv():
        set_up(EXTRAS.get(command, ["server"] if any(map(os.environ.get, SERVERS)) else []))
        go_on_inside()
    os.chdir(HERE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kafkalab.web.settings")
    if command == "test":
        from tests.suite import run

        sys.exit(run(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    if command == "lab":
        import gc

        # All that it imports stays: to look for garbage in that takes a sixth of the start. `look_seldom` does it once.
        gc.disable()
    execute_from_command_line(sys.argv)


def stop(sentence):
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


def inside_our_venv():
    """True in `.venv`, and where somebody runs us in a virtual environment of their own making."""
    chosen = os.environ.get("KAFKALAB_PYTHON_IS_READY") == "1"
    return chosen or os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def set_up(extras):
    """Make `.venv` and install into it, unless a stamp says that just this is there already."""
    import hashlib
    import tomllib

    with open(os.path.join(HERE, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    with open(LOCK, "rb") as file:
        lock = file.read()
    version = "%d.%d" % sys.version_info[:2]
    for name in ["app", *extras]:
        wanted = project["dependencies"] if name == "app" else project["optional-dependencies"][name]
        stamp = os.path.join(VENV, ".installed-" + name)
        fingerprint = hashlib.sha256(repr((version, wanted)).encode() + lock).hexdigest()
        if os.path.exists(VENV_PYTHON) and os.path.exists(stamp):
            with open(stamp) as file:
                if file.read() == fingerprint:
                    continue
        make_venv()
        print("Installing what Kafka Lab needs into .venv (%s) ..." % name, flush=True)
        pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", LOCK]
        if subprocess.call([*pip, *wanted]) != 0:
            stop("Installing Kafka Lab's packages into .venv failed; pip's words are above.")
        with open(stamp, "w") as file:
            file.write(fingerprint)


def make_venv():
    import venv

    if (
        os.path.exists(VENV_PYTHON)
        and subprocess.call([VENV_PYTHON, "-m", "pip", "--version"], stdout=subprocess.DEVNULL) == 0
    ):
        return
    print("Making .venv ...", flush=True)
    try:
        venv.EnvBuilder(with_pip=True, clear=os.path.exists(VENV)).create(VENV)
    except (OSError, subprocess.CalledProcessError) as error:
        stop("Cannot make a virtual environment in {}: {}".format(VENV, error))


def go_on_inside():
    command = [VENV_PYTHON, os.path.abspath(__file__), *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(VENV_PYTHON, command)


if __name__ == "__main__":
    main()
