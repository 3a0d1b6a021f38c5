"""What training minimises and how: losses, weight decay, the optimiser, batch statistics."""
