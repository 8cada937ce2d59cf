"""From matches to a mail sent: slots, compose, render, mail."""
