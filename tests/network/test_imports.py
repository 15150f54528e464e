"""The web process never loads torch: nor does anything it imports from the model."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "model.contract",
        "model.reporter",
        "model.lift",
        "model.calibration",
        "model.features.table",
        "model.modules",
        "model.message",
        "model.message.parse",
    ],
)
def test_importing_it_does_not_import_torch(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_serving_does_not_need_scikit_learn():
    code = "import sys, model.predict; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120, check=False).returncode == 0
