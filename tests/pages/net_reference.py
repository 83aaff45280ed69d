"""The page net in whole numbers alone: what its ONNX file says, read and worked out without OpenCV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_GRAPH, _NODE, _TENSOR = 7, 1, 5  # numbers of fields in onnx.proto3
_INPUT, _OUTPUT, _KIND, _ATTRIBUTE = 1, 2, 4, 5
_NAME, _INTS = 1, 8
_DIMS, _TENSOR_NAME, _RAW = 1, 8, 9
_EXACT_BITS = 24


class NetReference:
    """The nodes of an ONNX file, in order, with weights as whole numbers."""

    def __init__(self, path: Path) -> None:
        (graph,) = (value for field, value in _fields(path.read_bytes()) if field == _GRAPH)
        parts = list(_fields(graph))
        self.tensors = dict(_tensor(value) for field, value in parts if field == _TENSOR)
        self.nodes = [_node(value) for field, value in parts if field == _NODE]

    def paint(self, page: Ints) -> Ints:
        """Return the maps (maps, rows, columns) of bytes (3, height, width)."""
        values = {"page": page}
        for kind, sources, name, ints in self.nodes:
            inputs = [values[source] for source in sources if source in values]
            if kind == "Conv":
                values[name] = _convolve(inputs[0], self.tensors[sources[1]], self.tensors[sources[2]], ints[-1])
            elif kind == "Clip":
                values[name] = inputs[0].clip(0, 255)
            elif kind == "Floor":
                values[name] = np.floor(inputs[0]).astype(np.int64)
            elif kind == "Resize":
                values[name] = inputs[0].repeat(2, axis=1).repeat(2, axis=2)
            else:
                assert kind == "Concat"
                values[name] = np.concatenate(inputs)
        return values[self.nodes[-1][2]]

    def bits(self) -> Iterator[float]:
        """Yield the bits that the largest possible sum of each output of each convolution takes."""
        for kind, sources, _, _ in self.nodes:
            if kind == "Conv":
                for weight, bias in zip(self.tensors[sources[1]], self.tensors[sources[2]], strict=True):
                    unit = 2.0 ** -_fraction_bits(np.append(weight, bias))
                    yield float(np.log2((np.abs(weight, dtype=np.float64).sum() * 255 + abs(float(bias))) / unit))


def _convolve(source: Ints, weight: NDArray[np.float32], bias: NDArray[np.float32], stride: int) -> NDArray[np.float64]:
    """Convolve in whole numbers: each output in units of the last binary digit of its weights."""
    size = weight.shape[2]
    padded = np.pad(source, ((0, 0), (size // 2, size // 2), (size // 2, size // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    flat = windows.transpose(1, 2, 0, 3, 4).reshape(-1, weight[0].size)
    sums = []
    for each, start in zip(weight, bias, strict=True):
        unit = 2 ** _fraction_bits(np.append(each, start))
        total = flat @ (each.ravel().astype(np.float64) * unit).astype(np.int64) + int(float(start) * unit)
        sums.append(total / unit)
    return np.array(sums).reshape(len(weight), *windows.shape[1:3])


def _fraction_bits(values: NDArray[np.float32]) -> int:
    """Return the binary digits behind the point that these numbers need."""
    bits = next(bits for bits in range(40) if not np.any(np.ldexp(values.astype(np.float64), bits) % 1))
    return int(bits)


def _tensor(data: bytes) -> tuple[str, NDArray[np.float32]]:
    fields = list(_fields(data))
    dims = [value for field, value in fields if field == _DIMS]
    name, raw = (next(value for field, value in fields if field == wanted) for wanted in (_TENSOR_NAME, _RAW))
    return name.decode(), np.frombuffer(raw, np.float32).reshape(dims)


def _node(data: bytes) -> tuple[str, list[str], str, list[int]]:
    """Return kind, inputs and output of a node, and the whole numbers of its attribute ``strides``."""
    fields = list(_fields(data))
    kind, name = (next(value.decode() for field, value in fields if field == wanted) for wanted in (_KIND, _OUTPUT))
    attributes = [list(_fields(value)) for field, value in fields if field == _ATTRIBUTE]
    strides = [value for each in attributes if (_NAME, b"strides") in each for field, value in each if field == _INTS]
    return kind, [value.decode() for field, value in fields if field == _INPUT], name, strides


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field of a message in protobuf's wire format."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        length, at = _varint(data, at) if key & 7 == 2 else (4 if key & 7 == 5 else 8, at)
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at
