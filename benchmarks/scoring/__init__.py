"""What scoring costs, beside the obvious use of scikit-learn: ``python -m benchmarks.scoring``.

__main__ -> report -> rounds | memory -> contenders -> corpus
"""
