"""Lambda's lines, as public logs show them."""

from __future__ import annotations

from edgesim.logs import lambda_log
from edgesim.values.instant import Instant

ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"


def test_start_and_end():
    assert lambda_log.start(ID, "3") == f"START RequestId: {ID} Version: 3"
    assert lambda_log.end(ID) == f"END RequestId: {ID}"


def test_report():
    line = lambda_log.report(ID, duration_ms=601.734, billed_ms=697, memory_mb=128, used_mb=29, init_ms=94.33)
    assert line == (
        f"REPORT RequestId: {ID}\tDuration: 601.73 ms\tBilled Duration: 697 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 29 MB\tInit Duration: 94.33 ms\t"
    )


def test_report_of_a_crash():
    line = lambda_log.report(
        ID, duration_ms=1, billed_ms=1, memory_mb=128, used_mb=29, status="error", error_type="Runtime.ExitError"
    )
    assert line.endswith("Max Memory Used: 29 MB\tStatus: error\tError Type: Runtime.ExitError\t")


def test_billing_rounds_the_sum_of_duration_and_init_up():
    assert lambda_log.billed(601.73, 94.33) == 697
    assert lambda_log.billed(1.0, None) == 1
    assert lambda_log.billed(1.01, None) == 2


def test_init_lines():
    assert lambda_log.init_start("nodejs:20.v75", "arn:x") == (
        "INIT_START Runtime Version: nodejs:20.v75\tRuntime Version ARN: arn:x"
    )
    assert lambda_log.init_report(9999.79, "init", "timeout") == (
        "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout"
    )
    assert lambda_log.init_report(1, "invoke", "error", "Runtime.ExitError") == (
        "INIT_REPORT Init Duration: 1.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError"
    )


def test_failures():
    assert lambda_log.timed_out(Instant(1_700_000_000.5), ID, 3.05) == (
        f"2023-11-14T22:13:20.500Z {ID} Task timed out after 3.05 seconds"
    )
    assert lambda_log.exited(ID, "exit status 1") == (
        f"RequestId: {ID} Error: Runtime exited with error: exit status 1"
    )
    assert lambda_log.exited(ID, "") == f"RequestId: {ID} Error: Runtime exited without providing a reason"
