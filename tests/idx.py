"""Image data sets in IDX files, as those of MNIST."""

import gzip
import struct


def idx(array):
    """An array of bytes as LeCun's page describes the format."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype("u1").tobytes()


def write_idx(folder, parts, packed):
    folder.mkdir(parents=True)
    for part, (images, labels) in zip(("train", "t10k"), parts, strict=True):
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            content = idx(array)
            (folder / (f"{name}.gz" if packed else name)).write_bytes(
                gzip.compress(content) if packed else content
            )
