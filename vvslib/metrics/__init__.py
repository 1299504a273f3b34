"""How alike a model and a brain are: arrays in, numbers out.

Each module is imported by its own name. `linear`: responses predicted from features, by the maps `pls` and `ridge` on one `gram`
matrix, judged on `splits`. `ceilings`: how well recordings predict themselves, and scores relative to that. `rsa`:
dissimilarities of stimuli. `behaviour`: confusions of images, from `choices`; `readout` makes them of features. `uncertainty`:
errors of scores. Shared by these: `scores` (what a metric of neuroids gives), `correlation`, `checks` (what can be scored).
"""
