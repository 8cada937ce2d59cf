"""A news monitor: topics given by example, stories matched with reasons, digests by mail.

The walk of the data is the layout: ingest -> matching -> notify, joined only by the store.
"""

__version__ = "0.1.0"
