from __future__ import annotations

import platform

from gateway.service.allocator import keep_freed_memory


def test_the_c_library_takes_the_setting_where_it_is_glibc() -> None:
    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")
