# SPDX-License-Identifier: Apache-2.0
"""QEMU's monitor (QMP), over a socket pair: no path, no port, and it ends with its processes."""
import json
import socket
import time

ANSWER_SECONDS = 20


class Monitor:
    """One end for us; QEMU inherits the other, `theirs`."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.rest, self.answers, self.resets, self.gone = b"", [], 0, False

    def words(self) -> list:
        return ["-chardev", f"socket,id=qmp,fd={self.theirs.fileno()}", "-mon", "chardev=qmp,mode=control"]

    def attend(self) -> None:
        """Reads what has come: the guest's resets are counted, answers are kept."""
        try:
            while new := self.ours.recv(65536):
                self.rest += new
            self.gone = True
        except BlockingIOError:
            pass
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            message = json.loads(line)
            if message.get("event") == "RESET" and message["data"].get("reason") == "guest-reset":
                self.resets += 1
            elif "return" in message or "error" in message:
                self.answers.append(message)

    def ask(self, command: str, **arguments) -> object:
        """What QEMU returns; None where it does not answer."""
        self.answers.clear()
        deadline = time.monotonic() + ANSWER_SECONDS
        try:
            self.ours.send(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        except BrokenPipeError:
            return None
        while not self.answers and not self.gone and time.monotonic() < deadline:
            time.sleep(0.02)
            self.attend()
        return self.answers[0].get("return") if self.answers else None

    def forwarded_port(self) -> int:
        """The port of 127.0.0.1 that leads to the guest's ssh server; 0 where QEMU did not say."""
        self.theirs.close()  # QEMU has it by now; only so do we see its end
        self.ask("qmp_capabilities")
        text = self.ask("human-monitor-command", **{"command-line": "info usernet"})
        for line in str(text or "").splitlines():
            words = line.split()
            if words and words[0].startswith("TCP[HOST_FORWARD]"):
                return int(words[3])
        return 0
