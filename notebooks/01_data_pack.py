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
# # The data pack
#
# What the bundled study stands on: every layer and table with its licence, its date, how far its
# positions may be off, and whether absence from it means absence in the world.

# %%
import pandas as pd
from pyproj import CRS

from siteselect.base.files import home, read
from siteselect.declared.study import Study
from siteselect.world.catalog import Catalog

catalog = Catalog.open(home() / "data")
pd.DataFrame(
    [
        (s.id, s.kind, s.licence, s.date, s.position_accuracy_km, s.coverage, s.source_kind)
        for s in catalog.sources.values()
    ],
    columns=["id", "kind", "licence", "date", "accuracy_km", "coverage", "source_kind"],
).set_index("id")

# %% [markdown]
# A layer is read through the catalogue only: its hash and its rows are checked, and it comes back
# in the CRS of the study.

# %%
study = read(home() / "criteria" / "study.yaml", Study)
ports = catalog.features("ports", CRS.from_user_input(study.crs))
ports[["id", "name_en", "position_accuracy_km", "source", "source_kind"]]

# %% [markdown]
# What is known of the faults of an entry stands beside it.

# %%
print(catalog.source("ports").quality)
print(catalog.source("ports").accuracy_basis)
