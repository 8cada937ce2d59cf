"""What a poll costs, side by side with the library reader: ``python -m benchmarks.polling``.

__main__ -> rounds -> contenders | server -> documents -> prose
"""
