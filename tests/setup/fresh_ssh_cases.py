# SPDX-License-Identifier: Apache-2.0
"""Cases of root's login on fresh hosts that systemd booted: the packaged sshd, logind's sessions, and logins with a strict host key."""
from fresh_cases import INSTALL, assert_same, record_of
from fresh_host import FreshHost

DROP_IN = "/etc/ssh/sshd_config.d/00-kvmkit-root-login.conf"
RELOAD = 3  # the number of the step
FIRST = "/etc/ssh/sshd_config.d/00-first.conf"
# What the lines of a script are made of. alice is the operator: she comes by ssh, and has sudo.
WORDS = f"""options="-F none -i /key -o UserKnownHostsFile=/known -o StrictHostKeyChecking=yes -o BatchMode=yes -o ConnectTimeout=10"
root() {{ ssh $options root@127.0.0.1 "$@" </dev/null; }}
alice() {{ ssh $options alice@127.0.0.1 "$@"; }}
within() {{ timeout "$1" sh -c "until $2; do sleep 0.1; done"; }}
told() {{ within 30 "grep -q 'from a new login keeps it' /told"; code=$?; cat /told; return $code; }}
begin() {{  # TIME WORDS-FOR-SSH: alice's change, up to where it waits. The connection is $made, and others may share it.
    time=$1; shift; rm -f /shared
    ssh $options -M -S /shared "$@" alice@127.0.0.1 sudo /host-setup apply ssh-root --confirm-within "$time" </dev/null >/told 2>&1 &
    made=$!
    told
}}
ended() {{ wait $made; code=$?; cat /told; return $code; }}
daemon() {{ systemctl show --property MainPID --value ssh.service; }}
maker() {{ pgrep -x 'loader|program'; }}
watchdog() {{ pgrep -x kvmkit-watchdog; }}
session() {{ sed -n 's@^.*/\\(session-[^/]*[.]scope\\)$@\\1@p' /proc/$(maker)/cgroup | head -n 1; }}
on_trial() {{ test -e {DROP_IN} && test -n "$(watchdog)"; }}
undone() {{ within "$1" "/host-setup history | tail -n 1 | grep -q rolled-back" && ! test -e {DROP_IN}; }}
"""
PEOPLE = (f"{INSTALL} && useradd -m -s /bin/bash alice && echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice &&"
          " ssh-keygen -q -t ed25519 -N '' -f /key && install -d -o alice -m 700 ~alice/.ssh && cp /key.pub ~alice/.ssh/authorized_keys &&"
          " echo \"127.0.0.1 $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)\" >/known &&"
          " echo 'PermitRootLogin no' >/etc/ssh/sshd_config.d/50-vendor.conf && systemctl try-reload-or-restart ssh.service &&"
          " cp -a /etc/ssh /start")
KEY = "install -d -m 700 /root/.ssh && cp /key.pub /root/.ssh/authorized_keys"
SOCKET = "systemctl disable --now ssh.service; systemctl enable --now ssh.socket && ! systemctl is-active ssh.service"


def repository(case):
    case.repository = "repo-ssh-root"
    return case


def refused(answer: tuple) -> bool:
    return answer[0] == 255 and "root@127.0.0.1: Permission denied" in answer[1]


def let_in(host: FreshHost, before: dict) -> dict:
    """There and back, by an operator who comes by ssh, while another session stays."""
    (host.root / "words").write_text(WORDS)
    answers = host.boot({
        "people": PEOPLE,
        "words": ". /words",
        **before,
        "session": "mkfifo /in; alice sh </in >/out 2>&1 & exec 9>/in; echo 'echo before' >&9; within 20 'grep -q before /out'",
        "keyless": "/host-setup apply ssh-root",
        "untouched": "diff -r /start /etc/ssh",
        "key": KEY,
        "shut": "root true",
        "daemon": "daemon",
        "failed": f"for try in 1 2 3; do KVMKIT_FAULT=fail:after:{RELOAD} /host-setup apply ssh-root; root true; done",
        "begin": "begin 60s",
        "scope": "cat /proc/$(watchdog)/cgroup",
        "same": "ssh $options -S /shared alice@127.0.0.1 sudo /host-setup confirm </dev/null",
        "older": "echo 'sudo /host-setup confirm; echo code $?' >&9; within 20 'grep -q ^code /out'; cat /out",
        "confirm": "root /host-setup confirm",
        "made": "ended",
        "stays": "root true && root /host-setup apply ssh-root --json",
        "still": "echo 'echo after' >&9; within 20 'grep -q after /out'",
        "daemon_after": "daemon",
        "rollback": "root /host-setup rollback",
        "shut_again": "root true",
        "sound": "systemctl is-failed ssh.service",
        "back": "cp -a /etc/ssh /end",
        "beaten": f"printf '# mine\\nPermitRootLogin no\\n' >{FIRST}; cp -a /etc/ssh /middle; /host-setup apply ssh-root",
        "mine": f"diff -r /middle /etc/ssh && rm {FIRST}",
        "daemon_end": "daemon; echo 'echo end' >&9; within 20 'grep -q end /out'; exec 9>&-",
    })
    assert answers["people"][0] == 0 and answers["session"][0] == 0
    keyless = answers["keyless"]
    assert keyless[0] == 10 and "there is none in /root/.ssh/authorized_keys" in keyless[1] and "ssh-copy-id" in keyless[1], keyless
    assert answers["untouched"] == (0, "") and refused(answers["shut"]), "the vendor's setting refuses root"
    failed = answers["failed"][1]
    assert failed.count("fault hook") == 3 and failed.count("root@127.0.0.1: Permission denied") == 3, f"sshd keeps what is undone: {failed}"
    assert answers["begin"][0] == 0, answers["begin"]
    assert "/system.slice/host-setup-" in answers["scope"][1] and "session-" not in answers["scope"][1], "it ends with alice's session"
    assert answers["same"][0] == 10 and "this is the login that made the change" in answers["same"][1], answers["same"]
    assert "this login began before the change was made" in answers["older"][1] and "\ncode 10\n" in answers["older"][1], answers["older"]
    assert answers["confirm"][0] == 0 and "kept: " in answers["confirm"][1], answers["confirm"]
    assert answers["made"][0] == 0 and "did: have ssh.service read its settings again" in answers["made"][1], answers["made"]
    assert answers["stays"][0] == 0 and not record_of(answers["stays"])["changed"]
    assert answers["still"][0] == 0, "the session of before is dead"
    assert answers["rollback"][0] == 0 and refused(answers["shut_again"]), answers["rollback"]
    assert answers["sound"][1].split()[0] in ("active", "inactive"), answers["sound"]
    assert_same(host.root / "start", host.root / "end")
    beaten = answers["beaten"]
    assert beaten[0] == 12 and f"it is set at {FIRST}:2: PermitRootLogin no" in beaten[1], beaten
    assert "and at /etc/ssh/sshd_config.d/50-vendor.conf:1: PermitRootLogin no" in beaten[1]
    assert answers["mine"] == (0, "") and answers["daemon_end"][0] == 0
    return answers


@repository
def a_daemon_lets_root_in(host: FreshHost, _) -> None:
    answers = let_in(host, {})
    pids = [answers[name][1].split()[0] for name in ("daemon", "daemon_after", "daemon_end")]
    assert pids[0] != "0" and pids == [pids[0]] * 3, f"sshd was started anew: {pids}"


@repository
def a_socket_lets_root_in(host: FreshHost, _) -> None:
    """First no sshd runs: the change starts none, and the next login does. Then one runs that the socket started. It would die of a
    reload; it is stopped, and the next login starts another. Sessions stay."""
    answers = let_in(host, {
        "socket": SOCKET,
        "asleep_key": KEY,
        "asleep": "/host-setup apply ssh-root --confirm-within 60s >/told 2>&1 & made=$!; told; systemctl is-active ssh.service",
        "awake": "root /host-setup confirm && systemctl is-active ssh.service",
        "asleep_made": "ended",
        "asleep_back": "/host-setup rollback && rm /root/.ssh/authorized_keys && diff -r /start /etc/ssh",
    })
    assert answers["socket"][0] == 0, answers["socket"]
    assert answers["asleep"][1].split()[-1] == "inactive" and answers["asleep_made"][0] == 0, answers["asleep"]
    assert answers["awake"][0] == 0 and answers["awake"][1].split()[-1] == "active", answers["awake"]
    assert answers["asleep_back"][0] == 0, answers["asleep_back"]


@repository
def whatever_dies_root_is_shut_out_in_time(host: FreshHost, _) -> None:
    """Nobody confirms, and something is killed meanwhile: who waits, all of the operator's session, its connection, sshd, the watchdog."""
    (host.root / "words").write_text(WORDS)
    deaths = {
        "nothing": ("begin 4s", "on_trial"),
        "maker": ("begin 6s", "kill -9 $(maker); sleep 1; on_trial"),
        "standing": ("begin 6s", "kill -STOP $(maker); sleep 1; on_trial"),
        "session": ("begin 6s", "systemctl kill --signal=KILL $(session); sleep 1; on_trial && ! maker"),
        "user": ("begin 30s", "loginctl terminate-user alice"),
        "connection": ("begin 30s -tt", "kill -9 $made"),
        "daemon": ("begin 6s", "kill -9 $(daemon); sleep 1; on_trial"),
        "watchdog": ("begin 30s", "kill -9 $(watchdog)"),
    }
    script = {"people": PEOPLE, "words": ". /words", "key": KEY, "strict":
              "printf '[Login]\\nKillUserProcesses=yes\\n' >/etc/systemd/logind.conf && systemctl restart systemd-logind"}
    for name, (begin, death) in deaths.items():
        script |= {f"{name}_begin": begin, f"{name}_in": "root true", f"{name}_dies": death, f"{name}_undone": "undone 15",
                   f"{name}_out": "root true",
                   f"{name}_left": "pkill -KILL -x 'loader|program'; kill -9 $made; wait $made; cat /told;"
                                   " diff -r /start /etc/ssh && systemctl is-active ssh.service"}
    answers = host.boot(script)
    assert answers["people"][0] == 0 and answers["strict"][0] == 0
    for name in deaths:
        assert answers[f"{name}_begin"][0] == 0 and answers[f"{name}_in"][0] == 0, (name, answers[f"{name}_in"])
        assert answers[f"{name}_dies"][0] == 0, (name, answers[f"{name}_dies"])
        assert answers[f"{name}_undone"][0] == 0 and refused(answers[f"{name}_out"]), (name, answers[f"{name}_out"])
        assert answers[f"{name}_left"][0] == 0, (name, answers[f"{name}_left"])
    assert "the watchdog has died: the change is undone" in answers["watchdog_left"][1]


@repository
def a_trial_that_a_power_cut_ends_is_undone_by_resume(host: FreshHost, _) -> None:
    """With the watchdog gone the change stays until host-setup is run."""
    (host.root / "words").write_text(WORDS)
    cut = host.boot({"people": PEOPLE, "words": ". /words", "key": KEY, "begin": "begin 300s", "cut": "kill -9 $(maker) $(watchdog)"})
    assert cut["begin"][0] == 0 and cut["cut"][0] == 0, cut["begin"]
    answers = host.boot({
        "words": ". /words",
        "in": "root true",
        "late": "root /host-setup confirm",
        "resume": "/host-setup resume",
        "out": "root true",
        "back": "diff -r /start /etc/ssh && /host-setup history | tail -n 1",
    })
    assert answers["in"][0] == 0, "or this shows nothing"
    assert answers["late"][0] == 3 and "no change waits for an answer" in answers["late"][1]
    assert answers["resume"][0] == 0 and "undid transaction" in answers["resume"][1], answers["resume"]
    assert refused(answers["out"]) and answers["back"][0] == 0 and "rolled-back" in answers["back"][1], answers["back"]
