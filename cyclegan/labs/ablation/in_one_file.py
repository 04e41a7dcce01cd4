"""A laboratory as one file, by the drawer of all handouts.

From report.json's numbers and the samples of its runs; computes nothing that is not there.
"""

from collections.abc import Sequence

from ... import lessons, methods
from ...core.config import Config
from ...inference import comparisons
from ...inference.comparisons import Comparisons
from ...inference.evaluation import as_good_as
from ..handout import curves, facts, intervals, of_set, samples
from ..handout.document import Document, Measured, Recipe
from . import text
from .finished import FinishedRun
from .variants import groups, known, reference

Report = dict
"""report.json."""


def document(runs: Sequence[FinishedRun], report: Report) -> Document:
    """runs: all that are done. Pictures are of each variant's first seed."""
    titles = {v["name"]: v["title"] for v in report["variants"]}
    first = {run.variant: run for run in reversed(runs)}
    config = first[next(iter(titles))].config
    lesson, method = lessons.find(report["data"]), methods.find(config.method)
    shown = [
        of_set.Variant(title, first[name].folder, first[name].config, {})
        for name, title in titles.items()
    ]
    trained = [samples.Training(v.name, v.folder, v.config) for v in shown[: of_set.MOST]]
    shared, differing = of_set.settings(shown)
    data = facts.place_of(report["data"])
    seeds = ", ".join(map(str, report["seeds"]))
    return Document(
        title=f"Ablation on {data}",
        kind=f"{config.domains.x} ↔ {config.domains.y} · {len(shown)} variants · seeds {seeds}",
        summary=summary(report, data),
        film=samples.of_several(trained),
        no_film="The sample pictures of these runs cannot be read.",
        groups=curves.of_several(logs(report), lesson, method),
        measured=measured(report, config),
        measured_on=measured_on(report),
        verdicts=verdicts(report),
        settings=[(label, words) for label, words in shared if label != "seed"],
        differing=[(label, words) for label, words in differing if label != "seed"],
        recipes=[
            Recipe(v["title"], v["source"], left_out=[v["left_out"]])
            for v in report["variants"]
            if v["left_out"]
        ],
        no_recipe="None of the rows leaves anything out of its source.",
        commands=[("Train all of it again:", text.command(report, data))],
    )


def summary(report: Report, data: str) -> str:
    """What was trained, on what machine, and what is equal."""
    machine = report["machine"]
    machine = machine if isinstance(machine, str) else "; ".join(machine)
    others = ""
    if any(v["settings"] for v in report["variants"]):
        others = ", and in rows that change something beside it, all but that"
    return (
        f"{len(report['variants'])} variants were trained on {data} with {len(report['seeds'])} "
        f"{'seeds' if len(report['seeds']) > 1 else 'seed'} each, for {report['steps']:,} steps, "
        f"on {machine}. Their networks are {report['networks']}. All but the objective is equal"
        f"{others}."
    )


def logs(report: Report) -> dict[str, list[dict]]:
    """Means over seeds, as lines of a log, by title."""
    return {v["title"]: _lines(v["curves"]) for v in report["variants"]}


def _lines(found: dict) -> list[dict]:
    return [
        {
            "step": step,
            "figures": {key: band["mean"][i] for key, band in found["figures"].items()},
            "terms": {key: values[i] for key, values in found["terms"].items()},
        }
        for i, step in enumerate(found["steps"])
    ]


def results(report: Report) -> dict[str, dict]:
    """By title, what an evaluation would say of the mean over seeds."""
    found = {}
    for v in report["variants"]:
        own: dict = {"intervals": {"unchanged": {}}, "unchanged": report["unchanged"] or {}}
        for network, of in v["figures"].items():
            own[network] = {key: one["mean"] for key, one in of.items()}
            ends = {key: one["interval"] for key, one in of.items() if one["interval"]}
            own["intervals"][network] = ends
        if len(v["seeds"]) > 1:
            own["seeds"] = {
                seed: {
                    network: {key: one["values"][i] for key, one in of.items()}
                    for network, of in v["figures"].items()
                }
                for i, seed in enumerate(v["seeds"])
            }
        found[v["title"]] = own
    return found


def measured(report: Report, config: Config) -> list[Measured]:
    compared = Comparisons.from_json(report["comparisons"])
    titles = {v["name"]: v["title"] for v in report["variants"]}

    def best(network: str, key: str) -> str | None:
        return titles.get(compared.best(text.running(report), network, key))

    return [
        Measured(
            of_set.title(network, config),
            intervals.cards(results(report), columns, network, best),
        )
        for network in "GF"
        if (columns := text.measures(report, network))
    ]


def measured_on(report: Report) -> str:
    if not any(v["figures"] for v in report["variants"]):
        return "There were too few held-out items to measure on: losses and pictures alone."
    like = as_good_as(report["items"], report["effective"])
    how = intervals.how_to_read(results(report))
    return f"On {report['items']} {text.items(report)}{like}. {how}"


def verdicts(report: Report) -> list[str]:
    """What the row that others are held against differs from them in, and then the order of the
    paper's rows."""
    titles = {v["name"]: v["title"] for v in report["variants"]}
    main, compared = reference(titles), Comparisons.from_json(report["comparisons"])
    columns, said = text.measures(report, "G"), []
    for name in titles if main else ():
        if name != main and (words := comparisons.told(columns, compared.between(main, name, "G"))):
            said.append(f"G, {titles[main]} against {titles[name]}: {words}.")
    if report["paper"] and columns and set(titles) & set(groups()["paper"]):
        whose = f"{known()[text.MAIN].title} here and in {report['paper']['source']}"
        said += [f"{whose}, {line}" for line in text.order(report)]
    return said
