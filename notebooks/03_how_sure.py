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
# # How sure the ranking is
#
# Weights, method, data and positions are all in doubt. They are drawn together many times, and the
# sites ranked anew each time; here on a coarse grid and with fewer draws than the study asks for.

# %%
import siteselect as ss
from siteselect.base.files import home, read
from siteselect.decide import weights
from siteselect.declared.study import Study
from siteselect.present import trust

study = read(home() / "criteria" / "study.yaml", Study)
quick = {
    "cell_m": 5000.0,
    "programme": None,
    "trust": study.trust.model_copy(update={"draws": 2000}),
}
result = ss.run(study=study.model_copy(update=quick))
tables = {name: table.frame for name, table in trust.tables(result).items()}
sorted(tables)

# %% [markdown]
# `prob_top_k` is how often a site is among the first thirteen; nine draws in ten rank it between
# `rank_low` and `rank_high`. Sites whose ranges overlap are not told apart by these data.

# %%
told = ["rank", "id", "name_en", "score", "prob_top_k", "rank_low", "rank_high"]
result.sites[told].head(20)

# %% [markdown]
# What the doubt comes from: *first* goes if that source alone were known, *total* stays if all but
# it were. Where *total* is largest, surveying, checking or debating pays.

# %%
tables["drivers.csv"]

# %% [markdown]
# Percentage points of weight that turn two neighbours of the list. Less than anybody could defend
# means a tie.

# %%
tables["flips.csv"].head(13)

# %% [markdown]
# Where weights come from is told too. Judgements in pairs that contradict each other say so, and
# which one to judge again.

# %%
judged = weights.ahp([[1, 3, 5], [1 / 3, 1, 9], [1 / 5, 1 / 9, 1]], names=["port", "rail", "slope"])
print(judged.weights.round(3), f"consistency ratio {judged.consistency_ratio:.3f}")
print(judged.hint)
