"""What the last bits of a score depend on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_f07.variant.processor import describe_processor, kernel_settings, without_kernel_settings

INTEL = "processor\t: 0\nmodel name\t: Xeon(R)\nflags\t\t: fpu vme sse4_1 avx2 fma hypervisor\nprocessor\t: 1\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd evtstrm sve bf16\nCPU part\t: 0xd40\n"


@pytest.mark.parametrize(
    ("cpuinfo", "instructions"),
    [(INTEL, "avx2 fma sse4_1"), (ARM, "asimd bf16 sve"), ("", "")],
)
def test_of_the_flags_those_that_choose_kernels_are_told(tmp_path: Path, cpuinfo: str, instructions: str) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)
    assert describe_processor(path)["instructions"] == instructions


def test_model_and_machine_are_told_where_the_system_has_no_list(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(INTEL)
    assert describe_processor(path)["model"] == "Xeon(R)"
    assert describe_processor(tmp_path / "none")["model"]


def test_variables_that_change_scores_are_told_from_terraform_s() -> None:
    environment = {
        "OMP_NUM_THREADS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_VAR_password": "secret",
        "MALLOC_TRIM_THRESHOLD_": "1",
    }
    settings = kernel_settings(environment)
    assert settings == {"MALLOC_TRIM_THRESHOLD_": "1", "OMP_NUM_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "0"}
    assert without_kernel_settings(environment) == {"TF_VAR_password": "secret"}
