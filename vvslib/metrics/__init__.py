"""How alike a model and a brain are: arrays in, numbers out.

Each module is imported by its own name: `linear` (responses predicted from features; its maps `pls` and `ridge`, the `gram`
matrix they share, the `splits` they are judged on), `ceilings` (how well the recordings predict themselves, and scores relative
to that), `rsa` (dissimilarities), `behaviour` (choices), `uncertainty` (errors of all of these). `checks` refuses what cannot be
scored, `correlation` correlates columns.
"""
