"""The learner's side of the course: what was done, the map, the cards, the workbook. No Kafka in here."""
