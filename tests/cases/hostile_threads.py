#!/usr/bin/python3
"""Threads, stacks and frames of every kind, dumped from inside and outside while they work."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import main
from vmatlas_hostile import prove_all

NOT_ASKED = {"reports": 0}
prove_all("threads.c", how={"freed_by_others": NOT_ASKED})
prove_all("stacks.c", how={"jump_out_of_sort": NOT_ASKED})
prove_all("cancel.c")
main()
