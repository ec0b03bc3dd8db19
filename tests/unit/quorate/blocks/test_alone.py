import subprocess
import sys


def test_reading_blocks_imports_no_grpc():
    program = (
        "import sys, pkgutil, importlib, quorate.blocks as room\n"
        "for found in pkgutil.iter_modules(room.__path__): importlib.import_module(f'quorate.blocks.{found.name}')\n"
        "sys.exit('imported grpc' if 'grpc' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
