"""The page over TLS, with a certificate of the site's own authority."""

import socket
import ssl
import time

import httpx
import pytest
from held_ports import held_port
from winter_river.protect.provision import Provision
from winter_river.web.plant import Plant
from winter_river.web.server import PageServer, PageServerError, PageTls


@pytest.fixture
def site(tmp_path):
    made = Provision(tmp_path / "secrets")
    made.init(now_s=int(time.time()))
    return made


@pytest.fixture
def served(page, site):
    """Serves the page of the run over TLS; the lowest version may be given."""
    plant = Plant(page.site, page.service.station, page.service.report, page.fleet)
    running = []

    def serve(tls_min="1.2", reader=""):
        tls = PageTls(site.places.pair("page", "page"), site.read().hosts, tls_min)
        server = PageServer(plant, port=held_port(), tls=tls, reader=reader)
        running.append(server)
        server.start()
        return server

    yield serve
    for server in running:
        server.stop()


def trusting(site):
    return ssl.create_default_context(cafile=site.places.trusted("site"))


def shown(site, server, context=None):
    """(serial number of its certificate, version of TLS)."""
    stream = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    with (context or trusting(site)).wrap_socket(stream, server_hostname="localhost") as secured:
        return secured.getpeercert()["serialNumber"], secured.version()


def test_the_page_opens_with_its_link_only_even_on_this_machine(served, site):
    server = served()
    assert server.url.startswith("https://127.0.0.1:")
    with httpx.Client(base_url=server.address, verify=trusting(site), follow_redirects=True, timeout=60) as client:
        assert client.get("/api/v1/state").status_code == 401
        assert client.get(server.url).status_code == 200
        assert client.get("/api/v1/me").json()["role"] == "admin"
        assert client.get("/api/v1/state").json()["health"]["connected"] is True


def test_a_program_reads_with_a_token_of_its_own_and_may_do_nothing_else(served, site):
    server = served(reader="0123456789abcdef0123")
    with httpx.Client(base_url=server.address, verify=trusting(site), timeout=60) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"authorization": "Bearer 0123456789abcdef0124"}).status_code == 401
        mine = {"authorization": "Bearer 0123456789abcdef0123"}
        assert "winter_river_node_up{" in client.get("/metrics", headers=mine).text
        assert client.get("/api/v1/me", headers=mine).json()["role"] == "viewer"
        body = {"command": "open", "params": {}}
        assert client.post("/api/v1/nodes/srv_a/command", headers=mine, json=body).status_code == 403


def test_a_token_that_could_be_guessed_is_refused(served):
    with pytest.raises(ValueError, match="a token of 6 letters can be guessed"):
        served(reader="secret")


def test_a_browser_that_does_not_know_the_authority_does_not_open_it(served):
    server = served()
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(server.address)


def test_plain_http_gets_no_page(served):
    server = served()
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{server.port}/")


def test_tls_1_3_is_spoken_and_nothing_older_where_the_lowest_is_1_3(served, site):
    server = served("1.3")
    assert shown(site, server)[1] == "TLSv1.3"
    older = trusting(site)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        shown(site, server, older)


def test_a_renewed_certificate_is_taken_up_without_a_pause(served, site):
    server = served()
    before, _ = shown(site, server)
    with httpx.Client(base_url=server.address, verify=trusting(site), follow_redirects=True, timeout=60) as client:
        client.get(server.url)
        with client.stream("GET", "/api/v1/stream") as stream:
            held = stream.iter_raw()
            assert next(held)
            site.rotate("page", now_s=int(time.time()))
            server.reload()
            assert shown(site, server)[0] != before
            assert next(held)  # who was connected goes on


def test_a_certificate_that_is_none_is_refused_with_its_file_and_the_cure(page, site):
    plant = Plant(page.site, page.service.station, page.service.report, page.fleet)
    pair = site.places.pair("page", "page")
    pair.write_text("nothing")
    server = PageServer(plant, port=held_port(), tls=PageTls(pair, site.read().hosts))
    with pytest.raises(PageServerError, match=f"{pair}(.|\n)*provision rotate page"):
        server.start()
    server.stop()
