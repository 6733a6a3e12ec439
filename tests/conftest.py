"""What all tests need, wherever they run."""

import signal

# A shell that runs us in the background lets us ignore Ctrl-C, and whatever a test starts would do the same.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
