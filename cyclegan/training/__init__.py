"""How weights come about: the step, the engine under it, and a run as a folder."""
