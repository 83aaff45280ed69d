"""Trained weights to an ONNX file in which every sum is exact.

Activations are whole numbers from 0 to 255 held in float32, weights whole multiples of 2^-k, k as large as the sums of
a channel allow: then all products and partial sums are multiples of 2^-k below 2^(24-k), which float32 holds without
rounding. Whatever the order of the sums, the thread count or the vector instructions, the bits are the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sohoa.pages.page_net import EVEN, PER_NAT
from tools.pagenet.net import CELL, MAPS, STEP, TOP, Layer, PageNet

_EXACT_BITS = 24  # of the mantissa of float32
_MOST_BITS = 16  # more would be digits without meaning
_OPSET = 13

Floats = NDArray[np.float64]


def export(net: PageNet, path: Path) -> None:
    """Write ``net`` as ONNX: bytes in, float32 (1, 3, height, width); bytes out (1, maps, height / 4, width / 4)."""
    graph = _Graph()
    at = {"at4": graph.layers(["in4.0", "in4.1", "in4.2"], "page", net)}
    for name, source in (("8", "4"), ("16", "8"), ("32", "16")):
        at[f"at{name}"] = graph.layers([f"in{name}.0", f"in{name}.1"], at[f"at{source}"], net)
    up = at["at32"]
    for name in ("16", "8", "4"):
        joined = graph.join(graph.twice(up, f"up{name}"), at[f"at{name}"], f"join{name}")
        up = graph.layers([f"out{name}.0", f"out{name}.1"], joined, net)
    weight = _numbers(net.maps.weight) * PER_NAT / STEP
    graph.conv("maps", up, weight, _numbers(net.maps.bias) * PER_NAT + EVEN, 1)
    onnx.save(graph.model(), str(path))


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors = [
            numpy_helper.from_array(np.float32(0), "least"),
            numpy_helper.from_array(np.float32(TOP), "most"),
            numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"),
        ]

    def layers(self, names: list[str], source: str, net: PageNet) -> str:
        """Add the layers of these names one after the other; return the name of the last output."""
        for name in names:
            layer = net.get_submodule(name)
            source = self.conv(name, source, *fold(layer), layer.conv.stride[0])
        return source

    def conv(self, name: str, source: str, weight: Floats, bias: Floats, stride: int) -> str:
        weights, biases = round_exactly(weight, bias + 0.5)
        self.tensors += [numpy_helper.from_array(weights, f"{name}.w"), numpy_helper.from_array(biases, f"{name}.b")]
        size = weight.shape[2]
        self._add("Conv", [source, f"{name}.w", f"{name}.b"], f"{name}.sum", kernel_shape=[size] * 2,
                  strides=[stride] * 2, pads=[size // 2] * 4)  # fmt: skip
        self._add("Clip", [f"{name}.sum", "least", "most"], f"{name}.clip")
        return self._add("Floor", [f"{name}.clip"], name)

    def twice(self, source: str, name: str) -> str:
        return self._add("Resize", [source, "", "twice"], name, mode="nearest", nearest_mode="floor",
                         coordinate_transformation_mode="asymmetric")  # fmt: skip

    def join(self, first: str, second: str, name: str) -> str:
        return self._add("Concat", [first, second], name, axis=1)

    def model(self) -> onnx.ModelProto:
        page = helper.make_tensor_value_info("page", TensorProto.FLOAT, [1, 3, "height", "width"])
        shape = [1, len(MAPS), f"height/{CELL}", f"width/{CELL}"]
        maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "page_net", [page], [maps], self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="sohoa")
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model

    def _add(self, kind: str, sources: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, sources, [name], name=name, **attributes))
        return name


def fold(layer: Layer) -> tuple[Floats, Floats]:
    """Return weight and bias of the convolution with its normalisation, from bytes to bytes."""
    norm = layer.norm
    gain = _numbers(norm.weight) / np.sqrt(_numbers(norm.running_var) + norm.eps)
    bias = (_numbers(norm.bias) - _numbers(norm.running_mean) * gain) * STEP
    return _numbers(layer.conv.weight) * gain[:, None, None, None], bias


def round_exactly(weight: Floats, bias: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Round the weights of each output to multiples of 2^-k with the largest k for which all sums stay exact."""
    largest = np.abs(weight).sum(axis=(1, 2, 3)) * TOP + np.abs(bias)
    bits = np.minimum(_MOST_BITS, np.floor(_EXACT_BITS - np.log2(largest)))
    while True:
        unit = 2.0**-bits
        weights = np.round(weight / unit[:, None, None, None])
        biases = np.round(bias / unit)
        is_over = np.abs(weights).sum(axis=(1, 2, 3)) * TOP + np.abs(biases) >= 2**_EXACT_BITS
        if not is_over.any():
            return (weights * unit[:, None, None, None]).astype(np.float32), (biases * unit).astype(np.float32)
        bits = bits - is_over


def _numbers(tensor: object) -> Floats:
    return np.asarray(tensor.detach().numpy(), np.float64)  # type: ignore[attr-defined]
