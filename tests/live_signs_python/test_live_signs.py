"""A client of `/live-signs` with Python's own WebSocket library, against the relay's program.

Run with the program in LIVE_KEYPOINTS_RELAY: python3 -m unittest discover

Needs websockets (pip install websockets==15.0.1).
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import websockets
from websockets.exceptions import InvalidStatus

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "tests" / "fixtures" / "clips" / "fingers"
PROTOCOL = ROOT / "crates" / "relay" / "PROTOCOL.md"
BINARY = os.environ.get("LIVE_KEYPOINTS_RELAY")


def frame(number):
    return (CLIP / f"{number:03}.jpg").read_bytes()


class LiveSigns(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.relay = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        address = self.relay.stdout.readline().strip().removeprefix("listening on http://")
        self.address = address
        self.url = f"ws://{address}/live-signs"

    def tearDown(self):
        self.relay.terminate()
        self.assertEqual(self.relay.wait(timeout=30), 0)
        self.relay.stdout.close()

    async def test_bare_jpegs_get_results_in_order(self):
        async with websockets.connect(self.url) as socket:
            self.assertEqual(json.loads(await socket.recv())["type"], "welcome")
            for number in range(5):
                await socket.send(frame(number))
                keypoints = json.loads(await socket.recv())
                self.assertEqual((keypoints["type"], keypoints["index"]), ("keypoints", number))
                self.assertEqual(len(keypoints["pose"]), 33)

    async def test_sending_and_reading_at_once_accounts_for_every_frame(self):
        async with websockets.connect(self.url, subprotocols=["live-keypoints.v1"]) as socket:
            self.assertEqual(socket.subprotocol, "live-keypoints.v1")
            await socket.recv()

            async def send():
                for number in range(43):
                    await socket.send(frame(number))
                await socket.send('{"type":"bye"}')

            sending = asyncio.create_task(send())
            answers = [json.loads(answer) async for answer in socket]
            await sending
            stats = answers.pop()
            self.assertEqual((stats["type"], stats["received"], stats["left_over"]), ("stats", 43, 0))
            self.assertEqual(sum(1 + answer["dropped"] for answer in answers), 43)
            self.assertEqual(answers[-1]["index"], 42)
            self.assertEqual(socket.close_code, 1000)

    async def test_a_page_of_another_origin_is_refused(self):
        with self.assertRaises(InvalidStatus) as refused:
            await websockets.connect(self.url, origin="https://evil.example")
        self.assertEqual(refused.exception.response.status_code, 403)
        async with websockets.connect(self.url, origin=f"http://{self.address}") as socket:
            self.assertEqual(json.loads(await socket.recv())["type"], "welcome")

    async def test_the_client_of_the_protocol_document_runs(self):
        text = PROTOCOL.read_text(encoding="utf-8")
        program = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
        program = program.replace("127.0.0.1:8787", self.address)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "client.py"
            path.write_text(program, encoding="utf-8")
            pictures = [str(CLIP / f"{number:03}.jpg") for number in range(3)]
            run = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, path, *pictures],
                capture_output=True,
                text=True,
                timeout=60,
            )
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = run.stdout.splitlines()
        self.assertEqual(lines[0], "live-keypoints.v1")
        self.assertEqual([line.split()[0] for line in lines[1:]], ["0", "1", "2"])


if __name__ == "__main__":
    unittest.main()
