"""The page net: a small U-net whose every activation can be a whole number from 0 to 255."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

STEP = 64
"""Activations are multiples of 1/64 ..."""
TOP = 255
"""... from 0 to 255/64: whole numbers of one byte in the shipped net."""
MAPS = ("light", "sheet", "object", "shadow")
CELL = 4
"""Pixels of the view under a cell of a map, along each axis."""


class _Rounded(torch.autograd.Function):
    """Clip and round as the shipped net does; the gradient passes as through the clip alone."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x.mul(STEP).add_(0.5).clamp_(0, TOP).floor_().div_(STEP)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return grad * ((x > 0) & (x < TOP / STEP))


class Layer(nn.Module):
    """A convolution, its normalisation, and a clip to what a byte can hold."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.is_rounded = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return activations between 0 and 255/64."""
        x = self.norm(self.conv(x))
        return _Rounded.apply(x) if self.is_rounded else F.hardtanh(x, 0, TOP / STEP, inplace=True)


class PageNet(nn.Module):
    """Five steps down to cells of 32 pixels, three up again to cells of 4; one map for each of ``MAPS``."""

    def __init__(self) -> None:
        super().__init__()
        self.in4 = nn.Sequential(Layer(3, 20, 7, stride=4), Layer(20, 20), Layer(20, 20))
        self.in8 = nn.Sequential(Layer(20, 32, stride=2), Layer(32, 32))
        self.in16 = nn.Sequential(Layer(32, 52, stride=2), Layer(52, 52))
        self.in32 = nn.Sequential(Layer(52, 76, stride=2), Layer(76, 76))
        self.out16 = nn.Sequential(Layer(76 + 52, 40, 1), Layer(40, 32))
        self.out8 = nn.Sequential(Layer(32 + 32, 28, 1), Layer(28, 24))
        self.out4 = nn.Sequential(Layer(24 + 20, 16, 1), Layer(16, 16))
        self.maps = nn.Conv2d(16, len(MAPS), 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits (n, maps, height / 4, width / 4) of views (n, 3, height, width), bytes as floats."""
        at4 = self.in4(x / STEP)
        at8 = self.in8(at4)
        at16 = self.in16(at8)
        up = self.out16(torch.cat([_twice(self.in32(at16)), at16], 1))
        up = self.out8(torch.cat([_twice(up), at8], 1))
        return self.maps(self.out4(torch.cat([_twice(up), at4], 1)))

    def round_activations(self, is_rounded: bool) -> None:
        """Make all layers round their activations, or not."""
        for module in self.modules():
            if isinstance(module, Layer):
                module.is_rounded = is_rounded


def _twice(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
