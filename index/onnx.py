"""Runs ONNX models. The only user of onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as native

from index.errors import ModelFailed

# What onnxruntime raises; its classes have no base class of their own. Over a changed file it also
# raises RuntimeError, and UnicodeDecodeError if its message quotes the file.
FAILURES = (
    native.DeviceReset,
    native.EPFail,
    native.EngineError,
    native.Fail,
    native.InvalidArgument,
    native.InvalidGraph,
    native.InvalidProtobuf,
    native.ModelLoadCanceled,
    native.ModelLoaded,
    native.ModelRequiresCompilation,
    native.NoModel,
    native.NoSuchFile,
    native.NotFound,
    native.NotImplemented,
    native.RuntimeException,
    RuntimeError,
    UnicodeDecodeError,
)
# The fused operator of onnxruntime 1.31 is slower on a CPU than its parts: with it, a row of the
# reader with 160 tokens takes 22 ms instead of 18.
_DISABLED_OPTIMIZERS = ["SkipLayerNormFusion"]


class OnnxModel:
    """A loaded model. Safe to share between threads. Raises ModelFailed.

    `threads` work on one run; by default, as many as there are cores.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # On two cores, threads that spin between runs made a question 15 % slower.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path),
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=_DISABLED_OPTIMIZERS,
            )
        except FAILURES as error:
            raise ModelFailed(f"the model {path} cannot be loaded ({error})") from error
        self._path = path
        self.inputs = frozenset(node.name for node in self._session.get_inputs())

    def run(self, **arrays: NDArray[np.int64]) -> list[Any]:
        """Returns the model's outputs, in its order. Ignores inputs that it does not have.
        Raises ModelFailed."""
        known = {name: array for name, array in arrays.items() if name in self.inputs}
        if "token_type_ids" in self.inputs and "token_type_ids" not in known:
            known["token_type_ids"] = np.zeros_like(arrays["input_ids"])
        try:
            outputs: list[Any] = self._session.run(None, known)
        except FAILURES as error:
            raise ModelFailed(f"the model {self._path} cannot be run ({error})") from error
        return outputs
