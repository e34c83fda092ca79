"""The exception queue: what people do about exceptions. Every action is audited with the person's name."""
