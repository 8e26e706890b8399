"""The report of an experiment: a table for people, JSON for programs, and a plot."""

import json
from dataclasses import asdict
from pathlib import Path

from viseme.experiments.experiment import Experiment, Scale, Summary
from viseme.experiments.trials import Record, summarised
from viseme.files import atomic_write

TABLE, RESULTS, PLOT = "table.md", "results.json", "plot.png"


def write_report(experiment: Experiment, scale: Scale, out: Path, records: list[Record]) -> None:
    """Write table, results and, where matplotlib is installed, the plot into a folder."""
    summary = summarised(records)
    with atomic_write(out / TABLE) as file:
        file.write(table(experiment, scale, summary))
    with atomic_write(out / RESULTS) as file:
        file.write(json.dumps(results(experiment, scale, summary, records), indent=2) + "\n")
    _plot(experiment, scale, summary, out / PLOT)


def table(experiment: Experiment, scale: Scale, summary: Summary) -> str:
    """Markdown: arms by figures, the papers' own numbers apart, then the claims."""
    names = list(dict.fromkeys(name for row in summary.spreads.values() for name in row))
    quoted = list(dict.fromkeys(name for row in experiment.paper.values() for name in row))
    head = ["arm", *names, *(f"{name} (paper)" for name in quoted)]
    lines = [f"# {experiment.title}", "", f"Scale `{scale}`. {experiment.data}", ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for arm in experiment.arms:
        row, paper = summary.spreads.get(arm.name, {}), experiment.paper.get(arm.name, {})
        title = f"{arm.name}: {arm.what}" + (" (control)" if arm.control else "")
        missing = "" if row else "not run here"
        cells = [title, *(str(row.get(name, missing)) for name in names)]
        cells += [f"{paper[name]:g}" if name in paper else "" for name in quoted]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Mean ± standard deviation over seeds.", ""]
    lines += [f"- {claim.verdict(summary)}: {claim.text}" for claim in experiment.claims]
    return "\n".join(lines) + "\n"


def results(
    experiment: Experiment, scale: Scale, summary: Summary, records: list[Record]
) -> dict[str, object]:
    """Plain types: the means, the claims, and every trial with its provenance."""
    return {
        "experiment": experiment.name,
        "scale": scale,
        "data": experiment.data,
        "means": {
            arm: {name: vars(spread) for name, spread in row.items()}
            for arm, row in summary.spreads.items()
        },
        "claims": {claim.text: claim.verdict(summary) for claim in experiment.claims},
        "trials": [asdict(record) for record in records],
    }


def _plot(experiment: Experiment, scale: Scale, summary: Summary, path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    spreads = {
        arm.name: summary.spreads[arm.name][experiment.figure]
        for arm in experiment.arms
        if experiment.figure in summary.spreads.get(arm.name, {})
    }
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    on_axis = [name for name in spreads if name in experiment.axis]
    beside = [name for name in spreads if name not in experiment.axis]
    if on_axis:
        axes.errorbar(
            [experiment.axis[name] for name in on_axis],
            [spreads[name].mean for name in on_axis],
            [spreads[name].deviation for name in on_axis],
            marker="o",
            capsize=3,
        )
        axes.set_xlabel(experiment.axis_name)
        for number, name in enumerate(beside):
            line = axes.axhline(spreads[name].mean, color=f"C{number + 1}", linestyle="--")
            line.set_label(name)
        if beside:
            axes.legend()
    else:
        deviations = [spreads[name].deviation for name in beside]
        axes.bar(beside, [spreads[name].mean for name in beside], yerr=deviations, capsize=3)
        axes.tick_params("x", rotation=20)
    axes.set_ylabel(experiment.figure)
    axes.set_ylim(bottom=0)
    axes.set_title(f"{experiment.title} (scale {scale})")
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=120)
