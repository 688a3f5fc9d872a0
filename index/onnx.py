"""Runs ONNX models. The only user of onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidProtobuf,
    NoSuchFile,
)

from index.errors import ModelDamaged


class OnnxModel:
    """A loaded model. Safe to share between threads. Raises ModelDamaged if it cannot be loaded."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        # On two cores, threads that spin between runs made a question 15 % slower.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except (Fail, InvalidArgument, InvalidProtobuf, NoSuchFile) as error:
            raise ModelDamaged(f"the model {path} cannot be loaded ({error})") from error
        self.inputs = frozenset(node.name for node in self._session.get_inputs())

    def run(self, **arrays: NDArray[np.int64]) -> list[Any]:
        """Returns the model's outputs, in its order. Ignores inputs that it does not have."""
        known = {name: array for name, array in arrays.items() if name in self.inputs}
        if "token_type_ids" in self.inputs and "token_type_ids" not in known:
            known["token_type_ids"] = np.zeros_like(arrays["input_ids"])
        outputs: list[Any] = self._session.run(None, known)
        return outputs
