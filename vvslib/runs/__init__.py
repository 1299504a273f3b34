"""Run the notebooks: what there is, what is stale and why, and one process a notebook through papermill.

``notebooks`` reads a notebook's name, parameters and needs; ``parameters`` checks what somebody asks for before anything runs;
``modules`` finds the vvslib modules that a notebook reaches; ``plan`` makes the list of runs, in order; ``staleness`` says why a
run is stale; ``execute`` runs what is, each as a ``process`` that is a ``worker``; ``progress`` tells.
"""
