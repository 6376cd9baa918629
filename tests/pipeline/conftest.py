"""The pipeline's own tests import its tools from the checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
