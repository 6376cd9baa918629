"""The plain way: what one would write first, with Flask, requests, ``Model.predict`` and loops over rows."""
