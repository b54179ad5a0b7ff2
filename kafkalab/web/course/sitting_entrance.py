"""The ports by which a learner's own Kafka client comes into the lab of a lesson, whichever lab that is just now.

Only where the whole server is reached from this machine alone: there are no passwords at these ports.
"""

from kafkalab.lab import Doors, Gateway, Lab, PortRefused, Ports, SecurityProtocol
from kafkalab.web.labs.open_labs import HOME, open_labs
from kafkalab.web.network import is_loopback


class Entrance:
    def __init__(self, brokers: int) -> None:
        """Takes a free port for each broker, if there are to be any."""
        self._gateway: Gateway | None = None
        self._host = open_labs.by_name[HOME].settings.host
        self._doors: Doors | None = None
        if not open_labs.on_a_network and is_loopback(self._host):
            try:
                self._doors = Doors.bind(self._host, 0, brokers)
            except PortRefused:
                # The lesson goes without: the page and the terminal do not need them.
                self._doors = None
        self.ports: Ports = self._doors.plain_ports if self._doors is not None else {}

    @property
    def used(self) -> bool:
        return self._gateway is not None and bool(self._gateway.connections)

    def lead_to(self, lab: Lab) -> None:
        """Whoever was connected to the lab before finds that connection closed, and this lab when he comes again."""
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None
            try:
                self._doors = Doors.bind_again(self._host, self.ports[SecurityProtocol.PLAINTEXT])
            except PortRefused:
                self._doors = None
        lab.listens = self._doors is not None
        if self._doors is not None:
            self._gateway = Gateway(lab, self._doors)
            self._gateway.start()

    def close(self) -> None:
        if self._gateway is not None:
            self._gateway.close()
        elif self._doors is not None:
            self._doors.close()
