"""The failure drills: each learner on call for a cluster of his own, alone or in a room."""
