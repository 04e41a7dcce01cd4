"""What is done with many trainings: the ablation, live training, publishing."""
