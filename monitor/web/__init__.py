"""The small pages of the service: verdicts and farewells from the mail, health, feeds."""
