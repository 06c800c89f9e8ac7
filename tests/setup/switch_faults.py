# SPDX-License-Identifier: Apache-2.0
"""What a switch of the package sources must survive, whoever's sources they are."""
import signal

RECORD = "var/lib/kvmkit/host-setup/sources.json"


def expect_undone(machine, scene, steps: int, new: bytes) -> None:
    """Killed or failing around any step, `scene.use("")` leaves the old bytes or `new`, and the old ones come back."""
    before = scene.state()
    for moment in [f"{moment}:{step}" for step in range(steps) for moment in ("before", "after")]:
        killed = scene.use("", KVMKIT_FAULT=f"kill:{moment}")
        assert killed.code == -signal.SIGKILL, (moment, killed)
        assert scene.state()[0] in (before[0], new), f"{moment}: neither the old bytes nor the new ones"
        resumed = machine.setup("resume")
        assert resumed.code == 0 and "undid transaction" in resumed.out, (moment, resumed)
        assert scene.state() == before and not (machine.root / RECORD).exists(), moment
        failed = scene.use("", KVMKIT_FAULT=f"fail:{moment}")
        assert failed.code == 3 and "fault hook" in failed.err and scene.state() == before, (moment, failed)
    assert "nothing to resume" in machine.setup("resume").out
