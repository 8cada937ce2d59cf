"""The small pages of the service: verdicts, unsubscribing, feeds of matches, health."""
