"""The files of crates/relay/deploy against Kubernetes' schemas and the relay's program.

Run with the program in LIVE_KEYPOINTS_RELAY: python3 -m unittest discover

Needs kubernetes-validate (pip install kubernetes-validate==1.37.0), which brings the schemas, and PyYAML.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "crates" / "relay" / "deploy"
MANIFEST = DEPLOY / "kubernetes.yaml"
BINARY = os.environ.get("LIVE_KEYPOINTS_RELAY")
# The oldest that the manifest says it is for, and the newest whose schemas are there.
KUBERNETES_VERSIONS = ("1.30", "1.37")
# For closing handshakes, beyond --drain-secs.
CLOSING_SECS = 6


def manifest(kind):
    (found,) = (
        document
        for document in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8"))
        if document["kind"] == kind
    )
    return found


def relay_help():
    return subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True, check=True).stdout


class Kubernetes(unittest.TestCase):
    def setUp(self):
        self.pod = manifest("Deployment")["spec"]["template"]
        (self.container,) = self.pod["spec"]["containers"]
        self.variables = {entry["name"]: entry["value"] for entry in self.container["env"]}

    def test_the_manifest_keeps_to_the_schemas(self):
        for version in KUBERNETES_VERSIONS:
            run = subprocess.run(
                [sys.executable, "-m", "kubernetes_validate", "--strict", "-k", version, MANIFEST],
                capture_output=True,
                text=True,
            )
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            self.assertEqual((run.stdout + run.stderr).count("passed"), 4)

    def test_its_objects_fit_together(self):
        deployment, service = manifest("Deployment"), manifest("Service")
        labels = self.pod["metadata"]["labels"]
        self.assertEqual(deployment["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(service["spec"]["selector"], labels)
        self.assertEqual(manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"], labels)
        target = manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
        self.assertEqual((target["kind"], target["name"]), ("Deployment", deployment["metadata"]["name"]))
        ports = {port["name"]: port["containerPort"] for port in self.container["ports"]}
        self.assertIn(service["spec"]["ports"][0]["targetPort"], ports)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertIn(self.container[probe]["httpGet"]["port"], ports)
        self.assertEqual(ports["sessions"], int(self.variables["LIVE_KEYPOINTS_LISTEN"].split(":")[1]))
        self.assertEqual(ports["metrics"], int(self.variables["LIVE_KEYPOINTS_METRICS_LISTEN"].split(":")[1]))

    def test_a_relay_gets_the_time_that_it_takes_to_end(self):
        sleep = self.container["lifecycle"]["preStop"]["sleep"]["seconds"]
        drain = int(self.variables["LIVE_KEYPOINTS_DRAIN_SECS"])
        grace = self.pod["spec"]["terminationGracePeriodSeconds"]
        self.assertGreater(grace, sleep + drain + CLOSING_SECS)

    def test_the_sessions_fit_into_the_memory_limit(self):
        messages = 10 * int(self.variables["LIVE_KEYPOINTS_MAX_MESSAGE_BYTES"])
        pictures = 9 * int(self.variables["LIVE_KEYPOINTS_MAX_PIXELS"])
        sessions = int(self.variables["LIVE_KEYPOINTS_MAX_SESSIONS"]) * (messages + pictures + (4 << 20))
        limit = self.container["resources"]["limits"]["memory"]
        self.assertEqual(limit, "2Gi")
        # A quarter for models and worker threads.
        self.assertLess(sessions, 0.75 * (2 << 30))

    def test_a_relay_starts_with_its_variables_and_has_the_metric_to_scale_on(self):
        known = set(re.findall(r"\[env: (\w+)", relay_help()))
        self.assertLessEqual(set(self.variables), known)
        with tempfile.TemporaryDirectory() as folder:
            tokens = Path(folder) / "tokens"
            tokens.write_text("secret\n", encoding="utf-8")
            here = {
                "LIVE_KEYPOINTS_LISTEN": "127.0.0.1:0",
                "LIVE_KEYPOINTS_METRICS_LISTEN": "127.0.0.1:0",
                "LIVE_KEYPOINTS_TOKEN_FILE": str(tokens),
            }
            relay = subprocess.Popen(
                [BINARY, *self.container["args"]],
                env={**os.environ, **self.variables, **here},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            try:
                # Log lines are JSON, as the variables say.
                lines = (json.loads(line)["fields"] for line in relay.stderr)
                address = next(line["address"] for line in lines if "address" in line)
                texts = {}
                for path in ("/healthz", "/readyz", "/metrics"):
                    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as response:
                        texts[path] = response.read().decode()
            finally:
                relay.terminate()
                relay.communicate(timeout=30)
        self.assertEqual(relay.returncode, 0)
        (block,) = re.findall(r"```yaml\n(.*?)```", (DEPLOY / "README.md").read_text(encoding="utf-8"), re.DOTALL)
        (rule,) = yaml.safe_load(block)["rules"]["custom"]
        (metric,) = manifest("HorizontalPodAutoscaler")["spec"]["metrics"]
        self.assertEqual(metric["pods"]["metric"]["name"], rule["name"]["as"])
        used = set(re.findall(r"live_keypoints_\w+", rule["seriesQuery"] + rule["metricsQuery"]))
        self.assertEqual(len(used), 2)
        for name in used:
            self.assertRegex(texts["/metrics"], rf"(?m)^{name} ")


class Container(unittest.TestCase):
    def test_it_copies_what_there_is_and_starts_with_known_options(self):
        text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
        copies = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
        for source in " ".join(copies).split():
            self.assertTrue((ROOT / source).exists(), source)
        (command,) = re.findall(r"^CMD (.*)$", text, re.MULTILINE)
        (port, metrics_port) = re.findall(r"^EXPOSE (\d+) (\d+)$", text, re.MULTILINE)[0]
        arguments = json.loads(command)
        self.assertEqual(arguments[0], "serve")
        for option in arguments[1::2]:
            self.assertRegex(relay_help(), rf"(?m)^ +{option} ")
        self.assertIn(f"0.0.0.0:{port}", arguments)
        self.assertIn(f"0.0.0.0:{metrics_port}", arguments)


if __name__ == "__main__":
    unittest.main()
