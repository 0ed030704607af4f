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
# # The value chain
#
# Each park takes what its plants need from sources within reach, and no tonne is drawn twice. What
# is still sold raw, with the parks and without them, is what the next decision is about.

# %%
import siteselect as ss
from siteselect.base.files import home, read
from siteselect.declared.study import Study
from siteselect.present import supply

study = read(home() / "criteria" / "study.yaml", Study)
result = ss.run(study=study.model_copy(update={"cell_m": 5000.0, "trust": None}))
tables = {name: table.frame for name, table in supply.tables(result).items()}
tables["chain_balance.csv"].query("material in ('sulphur', 'methanol', 'propylene', 'urea')")

# %% [markdown]
# Who feeds whom, how far and by what way.

# %%
tables["chain_flows.csv"].head(10)

# %% [markdown]
# Sulphur, source by source: capacity, the dated share of it that runs, and what stays raw.

# %%
tables["chain_supply.csv"].query("material == 'sulphur'")

# %% [markdown]
# Openings: what no source of the tables makes and an existing site could, the calmest prices first.
# A reading that is recalled and not found is said to be so.

# %%
tables["chain_openings.csv"].head(5)
