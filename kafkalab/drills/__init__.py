"""Failure drills: what an author writes, one learner's incident, its score, and what is left of it.

read_drills(directory)             every drill, or LessonRefused with file and line
check(drill, range(1, 4))          plays its solution and its wrong moves under three seeds
lab = opened(drill, seed)          its cluster, in its steady state
incident = Incident(drill, lab, seed)
incident.pin_metrics([...]); incident.inject(); incident.progress()
incident.state_impact, .diagnose, .pin_fact, .pin_output, .pin_entity, .update, .note, .call, .take_hint; NotNow
incident.phase, .won, .timeline; incident.roll_back(); incident.end(why)
score(incident)                    four bars
post_mortem(incident), timeline_rows(incident), summary_row(incident)
class_report(drill, seed, [(called, incident)])
"""

from kafkalab.drills.check import Checked, Played, check
from kafkalab.drills.class_report import class_report
from kafkalab.drills.drill import Drill, Evidence
from kafkalab.drills.incident import Incident
from kafkalab.drills.opening import opened
from kafkalab.drills.phases import NotNow, Phase
from kafkalab.drills.postmortem import post_mortem, summary_row, timeline_rows
from kafkalab.drills.reading import LessonRefused, read_drill, read_drills
from kafkalab.drills.scoring import Bar, score
from kafkalab.drills.timeline import KINDS, Entry, Timeline

__all__ = [
    "KINDS",
    "Bar",
    "Checked",
    "Drill",
    "Entry",
    "Evidence",
    "Incident",
    "LessonRefused",
    "NotNow",
    "Phase",
    "Played",
    "Timeline",
    "check",
    "class_report",
    "opened",
    "post_mortem",
    "read_drill",
    "read_drills",
    "score",
    "summary_row",
    "timeline_rows",
]
