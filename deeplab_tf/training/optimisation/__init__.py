"""What training minimises and how: tables of losses, schedules, optimisers; weight decay, batch statistics."""
