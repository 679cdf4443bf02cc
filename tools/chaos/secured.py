"""A run in profile secured: its page through TLS with the admin's link, and clients with certificates of its own site."""

from __future__ import annotations

import ssl
import time

import httpx
from held_ports import held_port
from winter_river.address import Address, Certificates
from winter_river.protect.provision import Provision

from chaos.rig import Rig, Run, Spy, wait_until

HOST = "127.0.0.1"
TIMEOUT_S = 15.0


class Secured:
    """One run. node_port: for nodes' certificates; site_port: for services' and people's."""

    def __init__(self, rig: Rig, facility: str = "seed-8") -> None:
        self.site_port, self.node_port, page_port, password_port = (held_port() for _ in range(4))
        self.run: Run = rig.run(
            facility, "--profile", "secured", "--no-store", "--site-port", str(self.site_port),
            *("--tls-port", str(self.node_port), "--page-port", str(page_port), "--mqtt-port", str(password_port)),
        )  # fmt: skip
        self.run.wait_started()
        self.site = Provision(self.run.folder.parent / "config" / "secrets")
        links = self.run.folder / "runs"
        wait_until(lambda: list(links.glob("*.link")), timeout_s=10, what=f"the admin's link\n{self.run.text}")
        address, _, token = next(links.glob("*.link")).read_text().strip().partition("/?k=")
        context = ssl.create_default_context(cafile=str(self.site.places.trusted("site")))
        self.page = httpx.Client(base_url=address, verify=context, timeout=TIMEOUT_S, headers={"origin": address})
        self.page.get("/", params={"k": token})
        wait_until(lambda: self.online() == len(self.state()["nodes"]), timeout_s=30, what="all nodes are online")

    def state(self) -> dict[str, dict[str, object]]:
        """The whole state."""
        found: dict[str, dict[str, object]] = self.page.get("/api/v1/state").json()
        return found

    def online(self) -> int:
        return int(str(self.state()["health"]["online"]))

    def send(self, node_id: str, verb: str, params: dict[str, object]) -> bool:
        """Whether a command through the page was answered `done`."""
        try:
            answer = self.page.post(f"/api/v1/nodes/{node_id}/command", json={"command": verb, "params": params})
            return answer.status_code == 200 and answer.json().get("result") == "done"
        except (httpx.HTTPError, ValueError):
            return False

    def certificates(self, role: str, name: str) -> Certificates:
        """What somebody of this site proves himself with."""
        pair = self.site.pair(role, name)
        return Certificates(ca=self.site.authority_cert(), cert=pair.cert, key=pair.key)

    def client(self, rig: Rig, role: str, name: str) -> Spy:
        """A connected client with that certificate."""
        port = self.node_port if role == "node" else self.site_port
        address = Address(HOST, port, certificates=self.certificates(role, name))
        return rig.client(address, name, everything=role != "node")

    def settle(self) -> None:
        """Lets what is on its way arrive."""
        time.sleep(1.0)
