from dataclasses import replace

import pytest

from quorate.errors import UsageError


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:7054",
        "https://",
        "https://localhost:0",
        "https://localhost:99999",
        "https://localhost/api",
        "https://localhost?ca=ca",
        "https://localhost#top",
        "localhost:7054",
        "https://[::1",
        "",
    ],
)
def test_only_https_with_a_host_and_a_port_is_a_ca_s_url(house, url):
    with pytest.raises(UsageError):
        replace(house.endpoint(1), url=url)


def test_a_url_with_a_secret_is_refused_without_repeating_it(house):
    with pytest.raises(UsageError) as caught:
        replace(house.endpoint(1), url="https://admin:adminpw@localhost:7054")
    assert "adminpw" not in caught.value.diagnostics()


@pytest.mark.parametrize("change", [{"ca": "a/b"}, {"ca": "x" * 65}, {"timeout_s": 0.0}, {"timeout_s": float("nan")}])
def test_what_is_no_name_and_no_time_is_refused(house, change):
    with pytest.raises(UsageError):
        replace(house.endpoint(1), **change)


@pytest.mark.parametrize("which", ["tls_root", "authority"])
@pytest.mark.parametrize("pem", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_nothing_is_trusted_by_default(house, which, pem):
    with pytest.raises(UsageError, match="not a readable PEM certificate"):
        replace(house.endpoint(1), **{which: pem})


def test_a_comment_in_a_file_of_certificates_is_no_matter(house):
    endpoint = house.endpoint(1)
    commented = replace(endpoint, tls_root="# Übergangs-CA\n".encode() + endpoint.tls_root)
    assert commented.tls_roots == endpoint.tls_roots
