"""What a forked lab takes over from the one that it was forked from, besides the world and the cluster.

Not taken over: who watches, real clients, commands that still wait for their answer, and the tape.
"""

from typing import TYPE_CHECKING

from kafkalab.engine.disk import MemoryDisk
from kafkalab.engine.memory_file import MemoryFile

if TYPE_CHECKING:
    from kafkalab.lab.lab import Lab


def take_over(original: "Lab", fork: "Lab") -> None:
    fork.down = dict(original.down)
    fork.controllers_down = dict(original.controllers_down)
    fork.accepting = dict(original.accepting)
    fork.kept_clients.by_name = dict(original.kept_clients.by_name)
    fork.stand_ins.go_on_from(original.stand_ins)
    for name in fork.world.nodes:
        fork.adopt(name)
    fork.archives.go_on_from(original.archives)
    fork.faults.go_on_from(original.faults)
    fork.ledger.go_on_from(original.ledger)
    fork.metrics.go_on_from(original.metrics)
    fork.terminal.go_on_from(original.terminal)
    fork._acting.go_on_from(original._acting)
    fork._view.go_on_from(original._view)
    fork.frames.go_on_from(original.frames)
    fork.witness.go_on_from(original.witness)


def stand_alone(fork: "Lab") -> None:
    """From now on it needs no file of the lab that it was forked from, which may be closed or deleted."""
    for faulty in fork.cluster.disks.values():
        disk = faulty.disk
        assert isinstance(disk, MemoryDisk)
        for path, file in disk.files.items():
            held = MemoryFile()
            held.append(file.read(0, file.size))
            held.flushed = file.flushed
            disk.files[path] = held
