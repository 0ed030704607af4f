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
# # Why here, and why not there
#
# Any point of the study area can be asked as if it were a candidate, and the planner's page can be
# looked at without leaving the notebook.

# %%
from siteselect.base.files import home, read
from siteselect.declared.study import Study
from siteselect.present.maps.write import frame
from siteselect.study import explain
from siteselect.study.question import ask

study = read(home() / "criteria" / "study.yaml", Study)
quick = study.model_copy(update={"cell_m": 5000.0, "trust": None, "programme": None})
answer, result = explain.ask_why(ask(quick), (52.6, 27.5))
for sentence in answer.text["en"]:
    print(sentence)

# %% [markdown]
# The same in Persian, and of a candidate of the list.

# %%
best = explain.of_site(result, result.sites.iloc[0]["id"])
for sentence in best.text["fa"]:
    print(sentence)

# %% [markdown]
# The page that `siteselect run` writes as `map.html`.

# %%
frame(result, height=600)
