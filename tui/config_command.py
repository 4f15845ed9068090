"""`fetchdeck config`: where the config file is, whether it is right, and what can stand in it."""

from __future__ import annotations

import os

import click

from .settings.places import config_path


@click.command()
@click.option("--init", is_flag=True, help="Write a config file with every setting as a comment.")
@click.option("--keys", is_flag=True, help="List the dashboard's commands by their ids, with your keys.")
def config(init: bool, keys: bool) -> None:
    """Print where the config file is, and check it: themes, keys and columns of the dashboard.

    FETCHDECK_CONFIG names another file.
    """
    # Not at the top: they load Textual.
    from .settings.preferences import load_config
    from .settings.template import keys_table, write_config

    path = config_path(os.environ)
    if init:
        write_config(path)
    read = load_config(os.environ)
    if keys:
        click.echo(keys_table(read.config.keymap))
    else:
        click.echo(path)
    if read.wrong is not None:
        raise read.wrong
    if not path.exists():
        click.echo("There is no such file yet; 'fetchdeck config --init' writes one.", err=True)
