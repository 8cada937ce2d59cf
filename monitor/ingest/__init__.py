"""From an address to stories: guard, fetch, parse, admit."""
