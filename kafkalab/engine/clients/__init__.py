"""The clients that a learner creates: producers, consumers, and the admin that carries out orders."""
