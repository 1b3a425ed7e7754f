"""Doors to what there is: models, corpora, presets."""

from antiphon.doors.app import AsJson, app, print_rows


@app.command
def models(*, as_json: AsJson = False) -> None:
    """List the models that come with the package.

    Parameters
    ----------
    as_json
        As JSON.
    """
    from antiphon.commands.listings import model_rows

    print_rows(model_rows, as_json)


@app.command
def corpora(*, as_json: AsJson = False) -> None:
    """List the corpora that are embedded or known.

    Parameters
    ----------
    as_json
        As JSON.
    """
    from antiphon.commands.listings import corpus_rows

    print_rows(corpus_rows, as_json)


@app.command
def presets(*, as_json: AsJson = False) -> None:
    """List the ways of training that have a name.

    Parameters
    ----------
    as_json
        As JSON, with every setting.
    """
    from antiphon.commands.listings import preset_rows, presets_in_full

    print_rows(presets_in_full if as_json else preset_rows, as_json)
