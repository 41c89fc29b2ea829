"""The mind and the hands: decides with pure functions and acts in one loop."""
