"""The labs that this process plays, by name. Whoever starts the server opens them; views only look them up.

A lab lives on the event loop's thread, so only async views and sockets may touch it.
"""

from dataclasses import dataclass, field

from django.http import Http404

from kafkalab.lab import Lab

HOME = "home"


@dataclass
class OpenLabs:
    by_name: dict[str, Lab] = field(default_factory=dict)

    def named(self, name: str) -> Lab:
        """Raises Http404."""
        if name not in self.by_name:
            raise Http404(f"There is no lab named {name}.")
        return self.by_name[name]


open_labs = OpenLabs()
