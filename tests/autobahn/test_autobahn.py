"""Autobahn's cases against the WebSocket stack of the relay, the example `echo`.

Run with the example's program in LIVE_KEYPOINTS_ECHO: python3 -m unittest discover

Needs kosoku (pip install kosoku==0.1.0), which drives the case files of the Autobahn test suite. Cases 9 are of speed,
12 and 13 of compression, which the relay does not negotiate.
"""

import json
import os
import subprocess
import sysconfig
import tempfile
import unittest
from collections import Counter
from pathlib import Path

ECHO = os.environ.get("LIVE_KEYPOINTS_ECHO")
KOSOKU = Path(sysconfig.get_path("scripts")) / "kosoku"
# What a case may end with. Invalid UTF-8 in a fragment may be noticed at the end of the message (NON-STRICT).
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


class Autobahn(unittest.TestCase):
    def setUp(self):
        self.echo = subprocess.Popen([ECHO], stdout=subprocess.PIPE, text=True)
        self.url = self.echo.stdout.readline().strip().removeprefix("listening on ")

    def tearDown(self):
        self.echo.terminate()
        self.assertEqual(self.echo.wait(timeout=30), 0)
        self.echo.stdout.close()

    def test_no_case_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            excluded = [option for group in ("9.*", "12.*", "13.*") for option in ("-x", group)]
            subprocess.run(
                [KOSOKU, "-m", "fuzzingclient", *excluded, "-o", folder, self.url],
                check=True,
                timeout=500,
            )
            (cases,) = json.loads((Path(folder) / "index.json").read_text()).values()
        self.assertEqual(len(cases), 247)
        bad = {
            name: case
            for name, case in cases.items()
            if not {case["behavior"], case["behaviorClose"]} <= GOOD
        }
        self.assertEqual(bad, {})
        print(dict(Counter(case["behavior"] for case in cases.values())))


if __name__ == "__main__":
    unittest.main()
