#!/usr/bin/python3
"""Types in an interactive shell on a terminal of its own, as somebody does who wants the rest of a word.

    typist.py SETUP TYPED SHELL...    runs the line SETUP, types TYPED and a tab, and prints what the shell has made of the line
"""

import os
import pty
import re
import select
import sys
import time

PROMPT = "READY>"
# Longer than a loaded machine takes to start a shell; and how long a shell that completes says nothing when it is done.
PATIENCE = 30
QUIET = 2.5

setup, typed, shell = sys.argv[1], sys.argv[2], sys.argv[3:]
process, terminal = pty.fork()
if process == 0:
    os.environ.update(TERM="dumb", PS1=PROMPT, INPUTRC="/dev/null")
    os.execvp(shell[0], shell)
seen = ""


def read(seconds):
    """Adds to what was seen; returns whether there was anything for so long."""
    global seen
    if not select.select([terminal], [], [], seconds)[0]:
        return False
    try:
        seen += os.read(terminal, 4096).decode(errors="replace")
    except OSError:
        sys.exit("the shell has ended: " + seen)
    return True


def prompts(count):
    """Waits until the shell has asked so many times."""
    last = time.monotonic() + PATIENCE
    while seen.count(PROMPT) < count:
        if time.monotonic() > last:
            sys.exit("no prompt: " + seen)
        read(0.1)


prompts(1)
# The echo has no prompt in it: what follows has to be the shell's own.
seen = ""
os.write(terminal, (setup + "\n").encode())
prompts(1)
seen = seen[seen.index(PROMPT):]
os.write(terminal, (typed + "\t").encode())
while len(seen) < len(PROMPT + typed) or read(QUIET):
    read(0.1)
os.close(terminal)
print(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07\x00]", "", seen[len(PROMPT):]).strip())
