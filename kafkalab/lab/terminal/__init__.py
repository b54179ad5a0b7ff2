"""Kafka's own command-line tools, typed in the browser: parsed here, and run through a client of the lab.

There is no shell behind it and no JVM. Each tool sends the requests that the tool of Apache Kafka sends, to
brokers that answer them as they answer anybody, and prints what that one prints.
"""

from kafkalab.lab.terminal.completing import Completion
from kafkalab.lab.terminal.jobs import Job, Output
from kafkalab.lab.terminal.terminal import Terminal

__all__ = ["Completion", "Job", "Output", "Terminal"]
