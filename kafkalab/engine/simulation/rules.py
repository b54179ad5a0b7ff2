"""What must hold whatever happens: every rule that the simulation judges histories by, in a sentence.

The letters are those under which a broken rule is named. L rules are about logs and replication, M about
metadata and the quorum, T about producers, G about groups, X about requests. A test asks for a sentence for each rule
that is judged.
"""

RULES: dict[str, str] = {
    "L1": "A log has no gaps but those that compaction made, and leader epochs never fall along it.",
    "L2": "Two replicas that have the same offset of the same leader epoch have the same bytes there.",
    "L3": "A high watermark, a last stable offset and a log's start never go back, and no log loses its end without "
    "a word.",
    "L4": "Whoever is in sync, or may lead, has every record below the high watermark.",
    "L5": "In one leader epoch one broker takes writes.",
    "L6": "What was acknowledged to acks=all is found at its offset, with its value.",
    "L7": "acks=all is answered well only while min.insync.replicas are in sync.",
    "L8": "Readers get nothing that is not committed, and never two different things at one offset.",
    "L9": "When all is mended every replica is in sync and has the same bytes, and preferred replicas lead.",
    "L10": "Compaction keeps the last record of each key, offsets and order, and tombstones as long as it must.",
    "L11": "Retention takes whole closed segments, and nothing that is not committed.",
    "M1": "One controller is active in an epoch of the quorum, and epochs never fall.",
    "M2": "What is committed of the metadata is never taken back, and everybody's image is a part of one history.",
    "M3": "Leader epochs and partition epochs only rise.",
    "M4": "No broker holds a replica of a topic that was deleted and made again under the same name.",
    "M5": "No two topics share an id.",
    "M6": "A leader is in its ISR, and ISR and ELR are replicas.",
    "M7": "Nobody is eligible to lead while enough replicas are in sync.",
    "M8": "Leaders come out of the ISR or the ELR, unless an unclean election is allowed.",
    "M9": "A move gives up old replicas only when the new ones are in sync.",
    "M10": "Whoever stopped badly is not eligible to lead when it comes back.",
    "T1": "A producer's sequence numbers in a log follow each other, with nothing twice.",
    "T3": "Readers of committed records see all of a transaction or nothing, in every partition it wrote to.",
    "T4": "Once a newcomer has a transactional id, nothing that its predecessor writes counts.",
    "T5": "Transactions of a producer follow each other in a partition, with one marker between, of the coordinator's "
    "own epoch.",
    "T6": "No transaction stays open for long after its timeout, and none when all is mended.",
    "T7": "What is consumed, transformed and produced in transactions with its offsets is there once, and in order.",
    "G1": "A partition has one owner in its group, and no new one before the old one has given it up.",
    "G2": "Generations of a group only rise.",
    "G3": "Committed offsets never go back.",
    "G4": "A group has one coordinator.",
    "G5": "Every record below the committed offset was delivered to a member of the group.",
    "G6": "When all is mended groups are stable, with all their members, and commits lie within the logs.",
    "G8": "A record is held by one member of a share group at a time, is not delivered too often, and is never "
    "taken back once it is done with.",
    "X1": "When all is quiet nobody waits for anything, and nothing is kept for who is gone.",
    "X3": "Every request has one answer, in the order of its connection and in time.",
    "X4": "However much happens in one moment, time goes on after it.",
}
