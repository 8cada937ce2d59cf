"""The hall: the steps, and the one place where wings and cellar meet."""
