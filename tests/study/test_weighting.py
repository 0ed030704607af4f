"""Weights from judgements: every form read, every fault told, dissent kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteselect.base.errors import DataError, DeclarationError, SiteselectError
from siteselect.decide.score import criterion_weights, score
from siteselect.declared.criteria import CriteriaSet, named, read_criteria
from siteselect.declared.judgements import GROUPS
from siteselect.present import export
from siteselect.study import weighting
from siteselect.study.judgements import Answer, Speaker, read_answer, read_lists, read_members
from tests.toy import criteria_data, criteria_set, toy_result


def put(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def weights_of(path: Path, method: str) -> dict[str, float]:
    found = weighting.judge(read_answer(path, method))
    return dict(zip(found.names, found.weights.round(9).tolist(), strict=True))


# --- reading -----------------------------------------------------------------------------------

# 6 : 3 : 1, fully consistent, so the weights are known without solving anything.
CONSISTENT = {"a": 0.6, "b": 0.3, "c": 0.1}


@pytest.mark.parametrize(
    "text",
    [
        ",a,b,c\na,1,2,6\nb,0.5,1,3\nc,1/6,1/3,1\n",
        ",a,b,c\na,,2,6\nb,,,3\nc,,,\n",  # upper triangle
        ",a,b,c\nc,1/6,1/3,1\na,1,2,6\nb,1/2,1,3\n",  # rows in another order
        ",a,b,c\na,۱,۲,۶\nb,۱/۲,۱,۳\nc,,۰٫۳۳۳۳۳۳۳۳۳۳,۱\n",  # Persian digits and decimal mark
        ",a,b,c\na,1,2,\nb,,1,3\nc,,,1\n",  # incomplete: a against c follows
        "first,second,judgement\na,b,2\na,c,6\nb,c,3\n",
        "نخست;داوری;دوم\na;2;b\nc;1/6;a\nb;3;c\n",
    ],
)
def test_forms_of_a_matrix_give_the_same_weights(tmp_path: Path, text: str) -> None:
    assert weights_of(put(tmp_path, text), "ahp") == pytest.approx(CONSISTENT, abs=1e-8)


@pytest.mark.parametrize(
    ("method", "text", "known"),
    [
        ("direct", "criterion,weight\na,6\nb,3\nc,1\n", CONSISTENT),
        ("swing", "points,criterion\n100,a\n۵۰,b\n100/6,c\n", CONSISTENT),
        # Rank order centroid of three: 11/18, 5/18, 2/18 (Barron and Barrett 1996).
        ("rank", "معیار,رتبه\nb,2\na,1\nc,3\n", {"a": 11 / 18, "b": 5 / 18, "c": 1 / 9}),
        ("bwm", "criterion,best_to,to_worst\na,1,6\nb,2,3\nc,6,1\n", CONSISTENT),
    ],
)
def test_forms_of_a_list(tmp_path: Path, method: str, text: str, known: dict[str, float]) -> None:
    assert weights_of(put(tmp_path, text), method) == pytest.approx(known, abs=1e-8)


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("ahp", "names: [a, b, c]\nmatrix: [[1, 2, 6], [null, 1, '۳'], [1/6, null, 1]]\n"),
        ("direct", "weights: {a: 6, b: 3, c: 1}\n"),
        ("swing", "points: {a: 60, b: 30, c: 10}\n"),
        ("bwm", "best_to: {a: 1, b: 2, c: 6}\nto_worst: {c: 1, b: 3, a: 6}\n"),
    ],
)
def test_yaml_forms(tmp_path: Path, method: str, text: str) -> None:
    assert weights_of(put(tmp_path, text, "a.yaml"), method) == pytest.approx(CONSISTENT, abs=1e-8)


@pytest.mark.parametrize(
    ("method", "text", "told"),
    [
        ("ahp", ",a,b\na,1,3\nb,3,1\n", ["row 2: a: b: 3 is not 1 over 3"]),
        ("ahp", ",a,b\na,1,0\nb,,1\n", ["row 2: a: b: 0.0 is no judgement"]),
        ("ahp", ",a,b\na,1,-2\nb,,1\n", ["row 2: a: b: -2.0 is no judgement"]),
        ("ahp", ",a,b\na,1,much\nb,many,1\n", ["row 2: b: 'much' is", "row 3: a: 'many' is"]),
        ("ahp", ",a,b\na,1,2026-01-09\nb,,1\n", ["made a date of it"]),
        ("ahp", ",a,b\na,2,1\nb,,1\n", ["row 2: a: a: 2 must be 1"]),
        ("ahp", ",a,b,c\na,1,2,3\nb,,1,2\n", ["row 1: c: 'c' has no row"]),
        ("ahp", ",port,slope\nport,1,2\nslpoe,,1\n",
         ["row 3: column 1: 'slpoe' has no column (did you mean 'slope'?)", "'slope' has no row"]),
        ("ahp", ",a,b\na,1,2\na,,1\n", ["row 3", "a stands twice"]),
        ("ahp", ",a,b,c\na,1,2,\nb,,1,\nc,,,1\n", ["no comparison joins c to a"]),
        ("ahp", "first,second,judgement\na,b,2\nb,a,2\n", ["row 3: b against a stands twice"]),
        ("ahp", "first,second,judgement\na,a,2\nb,a,2\n", ["row 2: 'a' against 'a' is no pair"]),
        ("rank", "criterion,rank\na,0\nb,2\n", ["row 2: a: rank 0.0 is no number of 1"]),
        ("rank", "criterion,points\na,0\nb,2\n", ["row 1: rank: column rank is missing"]),
        ("swing", "criterion,points\na,\nb,x\n", ["row 2: points: is empty", "row 3: points: 'x'"]),
        ("direct", "criterion,weight\na,0\nb,0\n", ["every weight is zero"]),
        ("direct", "criterion,weight\na,-1\nb,2\n", ["row 2: a: weight -1.0"]),
        ("bwm", "criterion,best_to,to_worst\na,1,8\nb,2,3\nc,7,1\n", ["is 7 in the first list"]),
    ],
)  # fmt: skip
def test_faults_name_row_and_cell(tmp_path: Path, method: str, text: str, told: list[str]) -> None:
    with pytest.raises(SiteselectError) as error:
        weighting.judge(read_answer(put(tmp_path, text), method))
    assert error.value.exit_code in (3, 4)
    assert all(fault.file == "a.csv" for fault in error.value.faults)
    assert all(words in str(error.value) for words in told), str(error.value)


@pytest.mark.parametrize(
    ("method", "text", "told"),
    [
        ("ahp", "names: [a, b]\nmatrix:\n- [1, 3]\n- [3, 1]\n", "line 3: a: b: 3 is not 1 over 3"),
        ("ahp", "names: [a, b]\nmatrix:\n- [1, 3]\n- [x, 1]\n", "line 4: matrix.1.0: is no number"),
        (
            "ahp",
            "names: [a, b]\nmatrix:\n- [1]\n",
            "matrix has 1 rows, 2 names are compared; row a",
        ),
        ("ahp", "names: [a, a]\nmatrix: [[1, 2], [null, 1]]\n", "a stands twice"),
        (
            "bwm",
            "best_to: {a: 1}\nto_worst: {b: 1}\n",
            "a, b must stand in best_to and in to_worst",
        ),
        ("rank", "rank: {a: 1}\n", "unknown key 'rank' (did you mean 'ranks'?)"),
        ("swing", "points:\n  a: 3\n  b: -3\n", "line 3: b: swing -3.0 is no number of 0 or more"),
        ("direct", "weights: {}\n", "weights"),
    ],
)
def test_faults_of_yaml_name_line_and_key(
    tmp_path: Path, method: str, text: str, told: str
) -> None:
    with pytest.raises(DeclarationError) as error:
        weighting.judge(read_answer(put(tmp_path, text, "a.yaml"), method))
    assert told in str(error.value)
    assert str(tmp_path / "a.yaml") in str(error.value)


def test_an_ordinary_workbook_is_no_questionnaire(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("any")
        for i, row in enumerate([["", "a", "b"], ["a", 1, "1/4"], ["b", 4, 1]]):
            sheet.write_row(i, 0, row)
    (answer,) = read_lists(tmp_path / "a.xlsx", "ahp").values()
    assert weighting.judge(answer).weights == pytest.approx([0.2, 0.8])
    with pytest.raises(DeclarationError, match="holds no sheet"):
        read_members(tmp_path / "a.xlsx")


@given(st.lists(st.sampled_from([1 / 7, 1 / 3, 0.5, 1.0, 2.0, 5.0, 9.0]), min_size=6, max_size=6))
def test_following_the_hint_lowers_the_ratio(judged: list[float]) -> None:
    matrix = np.full((4, 4), np.nan)
    np.fill_diagonal(matrix, 1.0)
    matrix[np.triu_indices(4, k=1)] = judged
    found = weighting.judge(Answer("ahp", tuple("abcd"), matrix, "a.csv"))
    if not found.hint:
        assert found.acceptable
        return
    assert found.acceptable is False
    pair, _, rest = found.hint.partition(": ")
    better = rest.split(" -> ")[1].split()[0]
    a, b = ("abcd".index(name) for name in pair.split(" against "))
    top, _, bottom = better.partition("/")
    matrix[a, b] = float(top) / float(bottom or 1)
    again = weighting.judge(Answer("ahp", tuple("abcd"), matrix, "a.csv"))
    assert again.ratio is not None
    assert found.ratio is not None
    assert again.ratio < found.ratio


def test_the_table_of_random_indices_is_named() -> None:
    answer = Answer("ahp", ("a", "b", "c"), np.array([[1, 2, 5], [0.5, 1, 9], [0.2, 1 / 9, 1]]), "")
    one, other = (weighting.judge(answer, random_index=n) for n in ("saaty", "alonso-lamata"))
    assert (one.basis, other.basis) == ("random index saaty", "random index alonso-lamata")
    assert one.ratio is not None
    assert other.ratio is not None
    # The same consistency index over 0.52 and over 0.5245.
    assert one.ratio / other.ratio == pytest.approx(0.5245 / 0.52)


# --- a committee -------------------------------------------------------------------------------

# A name that no spreadsheet, terminal or page may run.
MEMBERS = """
members:
- name: =cmd|' /C calc'!A0
  organisation: <script>alert(1)</script>
  importance: 3
  method: ahp
  groups: {names: [nature, transport], matrix: [[1, 3], [1/3, 1]]}
  criteria:
    transport: {names: [ports, railways], matrix: [[1, 4], [null, 1]]}
- name: دبیر
  method: swing
  groups: {transport: 100, nature: 25}
- name: third
  method: rank
  criteria: {transport: {railways: 1, ports: 2}}
"""


def weighed(
    folder: Path, text: str = MEMBERS, criteria: CriteriaSet | None = None
) -> weighting.Group:
    aggregation, speakers = read_members(put(folder, text, "members.yaml"))
    return weighting.weigh(speakers, criteria or criteria_set(), aggregation=aggregation)


def test_weights_of_members_follow_their_own_method(tmp_path: Path) -> None:
    group = weighed(tmp_path)
    # Criteria: ports, railways, protected; declared groups 0.6 and 0.4, within transport 0.7, 0.3.
    assert group.committee.members == pytest.approx(
        np.array([[0.25 * 0.8, 0.25 * 0.2, 0.75], [0.8 * 0.7, 0.8 * 0.3, 0.2],
                  [0.6 * 0.25, 0.6 * 0.75, 0.4]])
    )  # fmt: skip
    assert group.committee.importance == pytest.approx([0.6, 0.2, 0.2])
    assert group.committee.weights == pytest.approx([0.262, 0.168, 0.57])
    assert group.voices[1].declared == ("transport",)
    assert group.voices[2].declared == (GROUPS,)
    assert group.voices[0].worst is not None


def test_what_nobody_judges_stands_as_declared(tmp_path: Path) -> None:
    group = weighed(tmp_path, "members: [{name: silent, method: bwm}]")
    assert group.committee.weights == pytest.approx(criterion_weights(criteria_set()))
    assert group.committee.disagreement == 0


def test_judgements_aggregate_to_their_geometric_mean(tmp_path: Path) -> None:
    text = """
aggregation: judgements
members:
- {name: a, method: ahp, groups: {names: [transport, nature], matrix: [[1, 9], [null, 1]]}}
- {name: b, method: ahp, groups: {names: [nature, transport], matrix: [[1, 1], [null, 1]]}}
- name: c
  method: ahp
  criteria: {transport: {names: [ports, railways], matrix: [[1, 3], [null, 1]]}}
"""
    group = weighed(tmp_path, text)
    # The mean of 9 and 1 is 3; the third says nothing of the groups, the others of transport.
    assert group.committee.weights == pytest.approx([0.75 * 0.75, 0.75 * 0.25, 0.25])
    assert set(group.found) == {GROUPS, "transport"}
    assert group.committee.distance[1] == pytest.approx(
        np.abs(group.committee.members[1] - group.committee.weights).sum() / 2
    )


FAULTY = """members:
- name: a
  method: swing
  groups: {tranport: 1, nature: 2}
  criteria: {sea: {x: 1}}
- name: b
  method: ahp
  groups: {names: [transport, nature], matrix: [[1, 3], [3, 1]]}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("members: []", ["a committee needs one member"]),
        ("members: [{name: a, method: ahb}]", ["line 1", "'ahp'"]),
        ("members:\n- {name: a, method: rank}\n- {name: a, method: bwm}", ["more than one member"]),
        ("members: [{name: a, method: rank, importance: -1}]", ["importance"]),
        ("members: [{name: a, method: rank, importance: 0}]", ["every importance is zero"]),
        (
            FAULTY,
            ["line 4", "no tranport to judge here (did you mean 'transport'?)",
             "transport is not judged", "no group sea", "3 is not 1 over 3"],
        ),
        (
            "aggregation: judgements\nmembers: [{name: a, method: swing}]",
            ["judgements are aggregated over comparisons in pairs, 'a' uses swing"],
        ),
    ],
)  # fmt: skip
def test_every_fault_of_every_member_is_told(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(DeclarationError) as error:
        weighed(tmp_path, text)
    assert all(words in str(error.value) for words in told), str(error.value)


def test_dissent_is_what_scoring_by_each_member_says(tmp_path: Path) -> None:
    group, result, k = weighed(tmp_path), toy_result(40), 5
    kept = weighting.hang_on(group, result, k=k)
    kinds = list(result.pool.frame["kind"])
    lists = []
    for weights in group.committee.members:
        rank = score(result.table, result.criteria, kinds=kinds, weights=weights).rank
        lists.append(set(np.flatnonzero((rank > 0) & (rank <= k)).tolist()))
    assert [set(np.flatnonzero(row).tolist()) for row in kept.in_top] == lists
    assert set(kept.always.tolist()) == set.intersection(*lists)
    assert set(kept.never.tolist()) == set(range(40)) - set.union(*lists)
    assert len(kept.contested) == len(set.union(*lists)) - len(kept.always)
    assert len(kept.contested) > 0


def test_whose_judgements_decide_is_asked_without_them(tmp_path: Path) -> None:
    text = """
aggregation: judgements
members:
- {name: a, method: ahp, groups: {names: [transport, nature], matrix: [[1, 9], [null, 1]]}}
- {name: b, method: ahp, groups: {names: [transport, nature], matrix: [[1, 1/9], [null, 1]]}}
"""
    group, result = weighed(tmp_path, text), toy_result(40)
    kept = weighting.hang_on(group, result, k=5)
    # Without one of two, the other alone is left.
    for i, other in ((0, 1), (1, 0)):
        expected = kept.pooled.astype(int) - kept.in_top[other].astype(int)
        assert kept.decides[i].tolist() == expected.tolist()
    assert kept.power.tolist() == np.abs(kept.decides).sum(axis=1).tolist()
    alone = weighed(tmp_path, text.replace("name: b,", "name: b, importance: 0,"))
    assert weighting.hang_on(alone, result, k=5).power[1] == 0


# --- the file that a run can use ---------------------------------------------------------------


def test_the_criteria_file_gives_the_weights_when_read(tmp_path: Path) -> None:
    base = put(tmp_path, json.dumps(criteria_data(), ensure_ascii=False), "toy.yaml")
    group = weighed(tmp_path)
    out = tmp_path / "committee" / "ours.yaml"
    weighting.write_criteria(group, base, out)
    back = read_criteria(out)
    assert criterion_weights(back) == pytest.approx(group.committee.weights, abs=1e-9)
    assert back.weights == "relative"
    assert back.id == "toy"
    assert (out.parent / "toy.yaml").read_bytes() == base.read_bytes()
    with pytest.raises(DataError, match="is there already"):
        weighting.write_criteria(group, base, out)
    weighting.write_criteria(group, base, out, force=True)


def test_criteria_that_extend_others_are_weighed_too(tmp_path: Path) -> None:
    put(tmp_path, json.dumps(criteria_data(), ensure_ascii=False), "toy.yaml")
    extra = {**criteria_data()["criteria"][0], "id": "second_port", "weight": 0.5}
    data = {"extends": "toy", "weights": "relative", "add": [extra],
            "criteria": {"railways": {"unit": "km", "weight": 0.5}}}  # fmt: skip
    base = put(tmp_path, json.dumps(data, ensure_ascii=False), "special.yaml")
    criteria = read_criteria(base)
    judged = "{ports: 1, railways: 2, second_port: 5}"
    text = f"members: [{{name: a, method: direct, criteria: {{transport: {judged}}}}}]"
    group = weighed(tmp_path, text, criteria)
    out = tmp_path / "ours.yaml"
    weighting.write_criteria(group, base, out)
    assert criterion_weights(read_criteria(out)) == pytest.approx(group.committee.weights)


def test_the_bundled_criteria_can_be_weighed() -> None:
    criteria = named("petrochemical")
    silent = Speaker("nobody", "", 1.0, "rank", {}, "")
    group = weighting.weigh([silent], criteria)
    assert group.committee.weights == pytest.approx(criterion_weights(criteria))
    lists = weighting.lists_of(criteria)
    assert sorted(n for g, names in lists.items() if g != GROUPS for n in names) == sorted(
        c.id for c in criteria.criteria
    )


# --- what the data alone say -------------------------------------------------------------------


def test_entropy_and_critic_of_a_table(tmp_path: Path) -> None:
    path = put(tmp_path, "id,flat,spread\nA,5,۱\nB,5,3\n")
    warnings: list[str] = []
    found = weighting.from_data(path, "entropy", warnings=warnings)
    assert dict(zip(found.names, found.weights, strict=True)) == {"flat": 0.0, "spread": 1.0}
    assert any("Persian" in words for words in warnings)


def test_critic_knows_of_which_column_less_is_better(tmp_path: Path) -> None:
    # All spread alike; y runs against x and z, so its conflict is 2 + 2 and theirs 2 each.
    path = put(tmp_path, "id,x,y,z\nA,0,2,0\nB,1,1,1\nC,2,0,2\n")
    found = weighting.from_data(path, "critic", warnings=[])
    assert found.weights == pytest.approx([0.25, 0.5, 0.25])
    # Turned, all three agree.
    turned = weighting.from_data(path, "critic", less=["y"], warnings=[])
    assert turned.weights == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("text", "less", "told"),
    [
        ("id,x\nA,1\nB,\n", (), "row 3: x: is empty"),
        ("id,x\nA,1\nB,-1\n", (), "row 3: x: -1 is negative"),
        ("id,x\nA,1\nB,2\n", ("y",), "no column y"),
        ("id\nA\nB\n", (), "no column of readings"),
    ],
)
def test_faults_of_a_table_of_readings(
    tmp_path: Path, text: str, less: tuple[str, ...], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        weighting.from_data(put(tmp_path, text), "entropy", less=less, warnings=[])


def test_values_of_a_run_are_those_of_its_ranked_sites(tmp_path: Path) -> None:
    result = toy_result(30)
    export.write(result, tmp_path)
    told = {"study": result.study, "criteria": result.criteria}
    manifest = {name: model.model_dump(mode="json") for name, model in told.items()}
    manifest |= {"schema": "siteselect/1", "inputs": {}, "declarations": {}, "cell_m": 5000.0}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    warnings: list[str] = []
    found = weighting.from_data(tmp_path, "critic", warnings=warnings)
    ranked = result.scores.rank > 0
    values = result.scores.values[ranked]
    filled = np.where(np.isnan(values), result.scores.score[ranked, None], values)
    from siteselect.decide.weights import critic

    assert found.weights == pytest.approx(critic(filled), abs=1e-9)
    assert warnings == [
        f"{int(np.isnan(values).sum())} unknown values stand at the score of their site"
    ]
