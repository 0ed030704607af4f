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
# # The thirteen parks
#
# The best list is not the best set: parks that stand side by side, take the same feedstock or crowd
# one province are worth less together. The set is chosen exactly, so that the proof comes with it;
# here on a coarse grid, and without drawing the scores anew.

# %%
import siteselect as ss
from siteselect.base.files import home, read
from siteselect.declared.study import Study
from siteselect.present import chosen

study = read(home() / "criteria" / "study.yaml", Study)
result = ss.run(study=study.model_copy(update={"cell_m": 5000.0, "trust": None}))
parks = result.portfolio
tables = {name: table.frame for name, table in chosen.tables(result).items()}
print(f"total {parks.total:.4f}, proven bound {parks.bound:.4f}, gap {parks.gap:.1e}")
tables["portfolio.csv"][["id", "name_en", "park_type", "province", "score"]]

# %% [markdown]
# Existing capacity comes first: how much of the total it costs to use one more existing estate.

# %%
tables["portfolio_curve.csv"]

# %% [markdown]
# What each rule of the programme costs, the dearest first, and the rules that bind.

# %%
tables["portfolio_rules.csv"].sort_values("cost", ascending=False).head(10)

# %% [markdown]
# Who scores high and is not among them, and what keeps it out.

# %%
tables["portfolio_left_out.csv"].head(5)
