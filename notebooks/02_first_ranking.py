# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The first ranking
#
# The bundled study on a coarse grid, without draws and parks, so that it takes seconds.
# `siteselect run` does all of it on the grid that the study declares, and writes the files.

# %%
import numpy as np

import siteselect as ss
from siteselect.base.files import home, read
from siteselect.declared.study import Study

study = read(home() / "criteria" / "study.yaml", Study)
quick = {"cell_m": 5000.0, "trust": None, "programme": None}
result = ss.run(study=study.model_copy(update=quick))
best = result.sites.head(10)
best[["rank", "id", "name_en", "kind", "score", "score_low", "score_high", "known", "verdict"]]

# %% [markdown]
# The score of a site is the sum of its contributions, and these say why it stands where it stands.

# %%
scores = result.scores
first = int(np.flatnonzero(scores.rank == 1)[0])
contributions = dict(zip(scores.criteria_ids, scores.contributions[first].round(4), strict=True))
print(
    scores.place_ids[first],
    float(scores.score[first]),
    float(np.nansum(scores.contributions[first])),
)
contributions

# %% [markdown]
# What must be known before the ranking is used:

# %%
for warning in result.warnings:
    print("-", warning)
