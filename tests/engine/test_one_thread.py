import os
import subprocess
import sys

CODE = "import engine.one_thread, os, sys; print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules)"


def told(**chosen: str) -> list[str]:
    rest = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    answer = subprocess.run([sys.executable, "-c", CODE], env={**rest, **chosen}, capture_output=True, check=True)
    return answer.stdout.decode().split()


def test_it_comes_before_numpy_and_leaves_a_number_that_was_chosen() -> None:
    assert told() == ["1", "False"]
    assert told(OPENBLAS_NUM_THREADS="3") == ["3", "False"]


def test_the_engines_own_process_uses_it() -> None:
    code = "import runpy, sys; sys.argv = ['engine', '--version']; runpy.run_module('engine', run_name='__main__')"
    made = f"import atexit, os; atexit.register(lambda: print(os.environ.get('OPENBLAS_NUM_THREADS'))); {code}"
    rest = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    answer = subprocess.run([sys.executable, "-c", made], env=rest, capture_output=True, check=True)
    assert answer.stdout.decode().split()[-1] == "1"
