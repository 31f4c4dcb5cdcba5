"""What is in the wheel: the package's modules, the marker of its types, the schema as a file, and nothing else."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"


def main(file: str) -> None:
    with zipfile.ZipFile(file) as wheel:
        found = {name for name in wheel.namelist() if ".dist-info/" not in name}
        wanted = {
            path.relative_to(SOURCES).as_posix()
            for path in SOURCES.glob("stepfold/**/*")
            if path.suffix == ".py" or path.name in ("py.typed", "schedule.schema.json")
        }
        assert found == wanted, f"not in both: {sorted(found ^ wanted)}"
        schema = json.loads(wheel.read("stepfold/schedule.schema.json"))
        assert schema["title"], "the schema is a link"
        size = sum(info.file_size for info in wheel.infolist())
        print(f"{Path(file).name}: {len(found)} files, {size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(sys.argv[1])
