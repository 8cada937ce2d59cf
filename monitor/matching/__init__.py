"""From stories to matches with reasons: pure, imports only records."""
