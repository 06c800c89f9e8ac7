# SPDX-License-Identifier: Apache-2.0
"""An operator's ssh session lives through lan-bridge on the very card that carries it, there and back, while it prints a
counter all the time. Runs in the client's network of the host `net`. usage: net_session.py TIMES"""
import os
import queue
import subprocess
import sys
import threading
import time

SSH = os.environ["LAB_SSH"].split()
TICK_SECONDS = 0.1
# A host that is emulated is slow; one that lost the connection is silent for a whole retransmission, and twice as long each time.
SILENT_AT_MOST = 3.0
ANSWER_SECONDS = 120
SHOWN = "ip -br -4 address show to 192.0.2.2"
THERE, BACK = "net-setup lan-bridge eth0", "net-setup lan-bridge eth0 --back"


def expect(condition, told) -> None:
    if not condition:
        sys.exit(f"FAILED: {told}")


class Session:
    """One connection: a shell on the host, with a counter running beside it."""

    def __init__(self):
        self.process = subprocess.Popen([*SSH, "bash", "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.answers, self.ticks, self.longest, self.commands = queue.Queue(), 0, 0.0, 0
        threading.Thread(target=self.read, daemon=True).start()
        self.identity = self.ask("echo $SSH_CONNECTION")
        self.say(f"(while sleep {TICK_SECONDS}; do echo tick; done) &")

    def read(self) -> None:
        last = None
        for line in self.process.stdout:
            if line == "tick\n":
                now = time.monotonic()
                self.longest = max(self.longest, now - (last or now))
                last = now
                self.ticks += 1
            else:
                self.answers.put(line)
        self.answers.put(None)

    def say(self, words: str) -> None:
        self.process.stdin.write(words + "\n")

    def ask(self, words: str, code: int = 0) -> str:
        """What the command says there, when it has ended with this code."""
        self.commands += 1
        mark = f"ended-{self.commands}"
        self.say(f"{words} </dev/null; echo {mark} $?")
        said = ""
        while True:
            try:
                line = self.answers.get(timeout=ANSWER_SECONDS)
            except queue.Empty:
                sys.exit(f"FAILED: the session gave no answer to '{words}' any more; so far: {said}")
            expect(line is not None, f"the session ended during '{words}': {said}")
            if line.startswith(mark):
                expect(line.split()[1] == str(code), f"'{words}' ended with {line.split()[1]}, not {code}: {said}")
                return said
            said += line

    def expect_address_on(self, link: str) -> None:
        shown = self.ask(SHOWN).split()
        expect(shown and shown[0] == link, f"the address is on {shown}, not on {link}")


def goes_there_and_back(session: Session, times: int) -> None:
    for count in range(times):
        for words, link in ((THERE, "br0"), (BACK, "eth0")):
            session.ask(f"{words} --confirm none --quiet")
            session.expect_address_on(link)
        if (count + 1) % 10 == 0:
            print(f"{count + 1} times there and back, {session.ticks} ticks, silent for {session.longest:.2f} s at most", flush=True)


def is_its_own_proof(session: Session) -> None:
    """Nobody is asked: the change stays because this very connection goes on."""
    for words, link in ((THERE, "br0"), (BACK, "eth0")):
        said = session.ask(f"{words} --confirm auto")
        expect("checking the connection" in said and "no longer" not in said, said)
        session.expect_address_on(link)


def is_confirmed_by_a_new_login(session: Session) -> None:
    session.say(f"{THERE} --confirm ask --timeout 60s </dev/null >/dev/null 2>&1 & asked=$!")
    deadline = time.monotonic() + ANSWER_SECONDS
    while subprocess.run([*SSH, "net-setup", "confirm"], capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode:
        expect(time.monotonic() < deadline, "a new login could not confirm")
        time.sleep(0.2)
    session.ask("wait $asked")
    session.expect_address_on("br0")
    session.ask(f"{BACK} --confirm none --quiet")


def main(times: int) -> None:
    session = Session()
    goes_there_and_back(session, times)
    is_its_own_proof(session)
    is_confirmed_by_a_new_login(session)
    expect(session.ask("echo $SSH_CONNECTION") == session.identity and session.process.poll() is None, "another connection")
    ticks = session.ticks
    session.ask("sleep 1")
    expect(session.ticks > ticks, "the counter stands still")
    expect(session.longest < SILENT_AT_MOST, f"the session was silent for {session.longest:.2f} s")
    print(f"one session, {times + 2} times there and back, {session.ticks} ticks, silent for {session.longest:.2f} s at most")


main(int(sys.argv[1]))
