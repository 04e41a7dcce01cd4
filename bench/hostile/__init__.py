"""What strangers are made of, for `bench.fuzz` and `bench.attack`: files, values, a client, a page.

Opens the tests' folder, whose Hub, weight files and tiny models serve here too.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
