"""Real model servers, each in an environment of its own, and the tests that ask them: ``make test-servers``.

Every server is a launcher, ``serve_<kind>.py``: small code that somebody would deploy a package's models with. All
serve each model under its ``prediction_name``, ask Keras itself (``deployed.py``), and take rows that are vectorized
already, float32 counts or int32 sequences; only the pipeline's takes windows. An answer is ``[rows, 1]``.

====================  ==========================  ============================================================
kind                  environment                 what it speaks
====================  ==========================  ============================================================
kserve                .venv-kserve, KServe 0.21   V1 (``/v1/models/M:predict``) and the Open Inference Protocol
                                                  (``/v2/models/M/infer``), binary tensors too, which it does not
                                                  announce; metadata with empty ``inputs``; no versions
mlserver              .venv-mlserver, 1.7         Open Inference Protocol, JSON alone (binary: 422); metadata with
                                                  empty ``inputs``
mlflow                .venv-mlflow, 3.17          ``/invocations``, one model on each port; one tensor without a
                                                  name: ``{"inputs": [[…]]}``, a name is a 400
triton                .venv-triton, Triton 2.51   Open Inference Protocol with binary tensors; metadata with input
                                                  ``x``, output ``score``, dtypes and shapes; version 1; 4,096 rows
                                                  at most
tensorflow_serving    that of the tests           written here after its documentation: rows and columns, status,
                                                  metadata, version 1, bare ``NaN``, errors in JSON
pipeline              that of the tests           written here after what was measured: ``/infer_batch`` with
                                                  ``windows``, labels alone, errors in HTML
====================  ==========================  ============================================================

A score that is not a number is ``null`` from KServe and MLServer in JSON, a bare ``NaN`` from MLflow, Triton and
TensorFlow Serving, and exact in binary tensors.

To use one in a test: the fixture ``start`` of ``conftest.py``, ``start("kserve")``, gives a
:class:`~tests.servers.running.RunningServer` with the demo's models, started once for all tests; ``urls`` has the base
of each model, ``plant("off_by_one")`` lets every answer from then on have one of ``deployed.FAULTS``. For another
package: ``with serve("kserve", package, empty_folder) as server``. Ports are free ones of 127.0.0.1; a server is ready
when it says so of each model, and ends with everything that it started.

The environments see TensorFlow in that of the tests (Triton: in that of the pins) and hold what a server needs beside.
Triton's only wheel is linked against Debian's own Python: where ``/usr/bin/python3.11`` is not there, its tests are
skipped and say so. TensorFlow Serving is not in Python's registry.
"""
