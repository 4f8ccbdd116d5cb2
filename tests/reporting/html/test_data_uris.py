from matplotlib.figure import Figure

from crackseg.reporting.html.data_uris import embed_plot


def line() -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1], label="line")
    figure.legend()
    return figure


def test_the_same_figures_give_the_same_bytes() -> None:
    assert embed_plot(line(), line(), "A line") == embed_plot(line(), line(), "A line")
