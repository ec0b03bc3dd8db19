import http.server
import socket
import ssl
import threading

import pytest

from network.identity import issue_organisation
from network.readiness import is_healthy, shakes_hands


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(self.server.answer if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def operations():
    server = http.server.HTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("answer", "well"), [(200, True), (503, False), (404, False)])
def test_only_a_node_that_says_so_is_well(operations, answer, well):
    operations.answer = answer
    assert is_healthy(f"127.0.0.1:{operations.server_port}") is well


def test_nobody_and_somebody_else_are_not_well():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert not is_healthy(address)
    assert not is_healthy(address)


@pytest.fixture
def paths(tmp_path):
    return issue_organisation(tmp_path, "alder")


@pytest.fixture
def server(paths):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=paths.tls_ca.cert)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(paths.chaincode_tls.cert, paths.chaincode_tls.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)

        def serve():
            plain, _ = listening.accept()
            with plain, context.wrap_socket(plain, server_side=True) as stream:
                stream.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def client(paths):
    context = ssl.create_default_context(cafile=paths.tls_ca.cert)
    context.load_cert_chain(paths.peer_tls.cert, paths.peer_tls.key)
    return context


def test_a_server_that_shakes_hands_is_there(server, paths):
    assert shakes_hands(server, client(paths))


def test_a_port_that_only_takes_connections_is_not_there(paths):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not shakes_hands(f"127.0.0.1:{silent.getsockname()[1]}", client(paths))
