"""Runs the installed getmail with its wait for the delivering child mended.

getmail installs its SIGCHLD handler after the fork, so a child that ends at once is missed and the program
sits out a minute. Only that local wait is replaced; all that it says to servers is its own.
"""
import os
import runpy

from getmailcore.baseclasses import ForkingBase


def wait_for_child(_, pid):
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


ForkingBase._prepare_child = lambda self: None
ForkingBase._wait_for_child = wait_for_child
runpy.run_path("/usr/bin/getmail", run_name="__main__")
