"""The one door to onnxruntime: a file of weights becomes a function of named arrays."""

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
    """A loaded model. `run` may be called from several threads at a time."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        # Threads that spin between runs made a question some 15 % slower on two cores.
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
        """The model's outputs, in its order. Inputs that the model lacks are left out."""
        known = {name: array for name, array in arrays.items() if name in self.inputs}
        if "token_type_ids" in self.inputs and "token_type_ids" not in known:
            known["token_type_ids"] = np.zeros_like(arrays["input_ids"])
        outputs: list[Any] = self._session.run(None, known)
        return outputs
