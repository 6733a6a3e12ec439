"""`python -m rehouse`: the command, where only its interpreter is known."""

from rehouse.cli.main import main

if __name__ == "__main__":
    main()
