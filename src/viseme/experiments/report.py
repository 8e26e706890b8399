"""The report of an experiment: a table for people, JSON for programs, and a plot."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from viseme.experiments.experiment import Experiment, Scale, Summary
from viseme.experiments.plot import Curve
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
    _draw(experiment, scale, summary, out / PLOT)


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


def _draw(experiment: Experiment, scale: Scale, summary: Summary, path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    plot = experiment.plot
    count = max(1, len(plot.panels))
    figure = Figure(figsize=(7 if count == 1 else 3.5 * count, 4), layout="constrained")
    panels = figure.subplots(1, count, sharey=True, squeeze=False)[0]
    for axes, (title, curves) in zip(panels, plot.panels.items(), strict=False):
        _curves(axes, curves, summary)
        axes.set_title(title)
        axes.set_xlabel(plot.x)
    if panels[-1].get_legend_handles_labels()[0]:
        panels[-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    if not plot.panels:
        _bars(panels[0], plot.y, summary)
    panels[0].set_ylabel(plot.y)
    panels[0].set_ylim(bottom=0)
    figure.suptitle(f"{experiment.title} (scale {scale})")
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", dpi=120)


def _curves(axes: Any, curves: Sequence[Curve], summary: Summary) -> None:
    """Lines with error bars, and levels from side to side; arms that were not run are left out."""
    for number, curve in enumerate(curves):
        color, label = f"C{number}", curve.label or None
        known = [
            (place, summary.spreads[arm][figure])
            for place, arm, figure in curve.points
            if figure in summary.spreads.get(arm, {})
        ]
        if len(curve.points) > 1:
            places = [place for place, _ in known]
            means = [spread.mean for _, spread in known]
            deviations = [spread.deviation for _, spread in known]
            axes.errorbar(
                places, means, deviations, marker="o", capsize=3, color=color, label=label
            )
        elif known:
            axes.axhline(known[0][1].mean, linestyle="--", color=color, label=label)


def _bars(axes: Any, name: str, summary: Summary) -> None:
    spreads = {arm: row[name] for arm, row in summary.spreads.items() if name in row}
    deviations = [spread.deviation for spread in spreads.values()]
    axes.bar(
        list(spreads), [spread.mean for spread in spreads.values()], yerr=deviations, capsize=3
    )
    axes.tick_params("x", rotation=20)
