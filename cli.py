"""Front door of a checkout: ``python cli.py run`` is ``siteselect run``."""

from siteselect.cli import main

if __name__ == "__main__":
    main()
