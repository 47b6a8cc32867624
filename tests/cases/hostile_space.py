#!/usr/bin/python3
"""The address space under fire: reports while it is striped, cut, moved and replaced."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from vmatlas_case import main
from vmatlas_hostile import prove_all

# A report of 65,000 mappings takes its time.
SLOW = {"dumps": 1}
prove_all("space.c", how={"sixty_thousand": SLOW, "the_last_mapping": SLOW,
                          "last_ones_beside_reports": SLOW})
main()
