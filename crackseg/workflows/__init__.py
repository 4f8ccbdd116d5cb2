"""What the doors call: training, evaluation, prediction."""
