"""The plain command on a dashboard's loop, to tell the loop's cost from the frames': `fair_plain.py ARGUMENTS…`."""

from fetchdeck.core import loops

loops.run_plain = loops.run_fair

from fetchdeck.tui.cli import main  # noqa: E402

main()
