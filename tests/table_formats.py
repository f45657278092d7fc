"""One table in every format that a survey may come in."""

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
from astropy.table import Table


def to_hdf5_group(made: Table, path) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("data")
        for name in made.colnames:
            values = np.asarray(made[name])
            group[name] = values.astype("S") if values.dtype.kind == "U" else values


def to_parquet(made: Table, path) -> None:
    """As pandas or pyarrow write it, units in the fields' metadata, in small groups of rows."""
    fields = [
        pa.field(
            name, pa.array(made[name].tolist()).type, metadata={"unit": str(column.unit or "")}
        )
        for name, column in made.columns.items()
    ]
    rows = pa.table([pa.array(made[name].tolist()) for name in made.colnames], pa.schema(fields))
    pyarrow.parquet.write_table(rows, path, row_group_size=9)


def to_tsv_of_vizier(made: Table, path) -> None:
    """A preamble, names, units, a ruler of dashes, and cells between tabs."""
    units = [str(made[name].unit or "") for name in made.colnames]
    head = ["#Table1", "#  of a service", *("\t".join(row) for row in (made.colnames, units))]
    rows = ["\t".join(map(str, row)) for row in made.as_array().tolist()]
    ruler = "\t".join("-" * len(name) for name in made.colnames)
    path.write_text("\n".join(["", *head, ruler, *rows]) + "\n")


# Format: how to write it.
FORMATS = {
    "fits": lambda made, path: made.write(path, format="fits"),
    "h5": lambda made, path: made.write(path, format="hdf5", path="rcat", serialize_meta=True),
    "hdf5": to_hdf5_group,
    "ecsv": lambda made, path: made.write(path, format="ascii.ecsv"),
    "csv": lambda made, path: made.write(path, format="ascii.csv"),
    "txt": lambda made, path: made.write(path, format="ascii.commented_header"),
    "dat": lambda made, path: made.write(path, format="ascii.basic", delimiter=";"),
    "tab": lambda made, path: made.write(path, format="ascii.basic", delimiter=" "),
    "mrt": lambda made, path: made.write(path, format="ascii.mrt"),
    "tsv": to_tsv_of_vizier,
    "vot": lambda made, path: made.write(path, format="votable"),
    "xml": lambda made, path: made.write(path, format="votable", tabledata_format="binary2"),
    "parquet": to_parquet,
}
