#!/usr/bin/python3
"""The address space under fire: reports while it is striped, cut, moved and replaced."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import Skip, case, main, need
from vmatlas_hostile import build, prove_all, survive

# A report of 65,000 mappings takes its time.
SLOW = {"dumps": 1}
prove_all("space.c", how={"sixty_thousand": SLOW, "the_last_mapping": SLOW,
                          "last_ones_beside_reports": SLOW})


@case()
def laid_out_in_other_ways(t):
    """The personalities of setarch(8): no chance, from below, all that can be read is code, 3 GiB."""
    need("setarch")
    for way in ("-R", "-L", "-X", "-3", "-RLX"):
        argv = ["setarch", "x86_64", way, build(t, "space.c")]
        if t.plain(["setarch", "x86_64", way, "true"]).status:
            raise Skip(f"setarch {way} is not allowed here")
        for scenario in ("raw_and_wrapped", "brk_both_ways"):
            survive(t, argv + [scenario], match="^[^ ]*/space")


main()
