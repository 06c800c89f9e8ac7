# SPDX-License-Identifier: Apache-2.0
"""cloud-init's own programs read the seeds that the golden files pin: schema, merging of documents, networks.
seed_judge_test.py CACHE_DIR"""
import os
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/lab"))
import packages  # noqa: E402

PACKAGES = ("cloud-init", "python3-certifi", "python3-chardet", "python3-configobj", "python3-idna", "python3-jinja2",
            "python3-json-pointer", "python3-jsonpatch", "python3-markupsafe", "python3-requests", "python3-six",
            "python3-urllib3", "python3-yaml")
CACHE = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path("build/cloud-init")


def borrow_cloud_init():
    done = CACHE / "complete"
    if not done.exists() or done.read_text(encoding="utf-8").split() != list(PACKAGES):
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in PACKAGES:
            packages.unpack(name, packages.known(name), CACHE)
        done.write_text("\n".join(PACKAGES), encoding="utf-8")
    sys.path.insert(0, str(CACHE / "usr/lib/python3/dist-packages"))


def seed(name):
    """The files of a golden seed by their names."""
    text = (SOURCE / f"tests/golden/vm-run/seed-{name}.txt").read_text(encoding="utf-8")
    parts = re.split(r"^== (\S+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def merged(user_data):
    """The configuration that cloud-init makes of all parts."""
    from cloudinit import helpers, user_data as processing, util
    from cloudinit.handlers.cloud_config import CloudConfigPartHandler
    paths = helpers.Paths({"cloud_dir": "/nonexistent", "run_dir": "/nonexistent"})
    handler = CloudConfigPartHandler(paths)
    handler.handle_part(None, "__begin__", None, None, None, None)
    for part in processing.UserDataProcessor(paths).process(user_data).walk():
        if part.get_content_type() == "text/cloud-config":
            handler.handle_part(None, "text/cloud-config", "part", util.fully_decoded_payload(part), None, dict(part.items()))
    return handler.cloud_buf


class Judge(unittest.TestCase):
    maxDiff = None

    def test_the_schema_takes_every_key(self):
        from cloudinit.config.schema import get_schema, validate_cloudconfig_schema
        for name in ("plain", "everything"):
            config = merged(seed(name)["user-data"])
            validate_cloudconfig_schema(config, get_schema(), strict=True)

    def test_lists_of_both_parts_are_joined_and_ours_keep_their_place(self):
        config = merged(seed("everything")["user-data"])
        self.assertEqual(config["hostname"], "theirs")
        self.assertEqual(config["runcmd"], ["systemctl enable --now nginx", "echo \"it's: {x}\" # ä > /a\\b", "theirs"])
        self.assertEqual(config["users"][1]["name"], "ada")
        self.assertTrue(config["ssh_keys"]["ed25519_private"].endswith("PRIVATE KEY-----\n"))

    def test_meta_data_names_the_instance(self):
        import yaml
        meta = yaml.safe_load(seed("everything")["meta-data"])
        self.assertEqual(meta, {"instance-id": "01234567-89ab-4cde-8f01-23456789abcd", "local-hostname": "web.example.org"})

    def test_networks_are_understood(self):
        import yaml
        from cloudinit.net import eni, netplan, network_state, networkd
        state = network_state.parse_net_config_data(yaml.safe_load(seed("everything")["network-config"]))
        cards = {card["name"]: card for card in state.iter_interfaces()}
        self.assertEqual({name: card["mac_address"] for name, card in cards.items()},
                         {"net0": "52:54:00:01:02:03", "net1": "52:54:00:01:02:04"})
        text = eni.Renderer({})._render_interfaces(state)
        self.assertIn("address 192.0.2.5/24", text)
        self.assertIn("192.0.2.1", text)
        self.assertIn("iface net1 inet dhcp", text)
        plan = netplan.Renderer({})._render_content(state)
        self.assertIn("macaddress: '52:54:00:01:02:03'", plan)
        self.assertIn("optional: true", plan)
        units = networkd.Renderer({})._render_content(state)
        self.assertIn("Gateway=192.0.2.1", units["net0"])


if __name__ == "__main__":
    try:
        borrow_cloud_init()
    except packages.Missing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        sys.exit(1 if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1" else 77)
    unittest.main(verbosity=2)
