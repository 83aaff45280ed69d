"""Train the page net on made examples: ``python -m tools.pagenet.train --out net.onnx FOLDER...``."""

from __future__ import annotations

import argparse
import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812

from tools.pagenet.bases import Base, read_bases
from tools.pagenet.examples import Examples
from tools.pagenet.export import export
from tools.pagenet.net import PageNet

_SHARES = (4.0, 0.6, 1.0, 0.5)  # of light, sheet, object and shadow in the loss
_LIT_WEIGHS = 3.0  # cells of light are few
_NEWEST = 0.01  # share of the newest step in the averaged weights
_KEEP_EVERY_S = 300
_POOL_LEAST, _POOL = 400, 6000  # examples kept: 0.8 GB at most
_ROUNDED = 0.85  # share of the training after which activations are rounded as in the shipped net

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def main() -> None:
    """Read the command line, train, and write weights (``.pt``), net (``.onnx``) and state (``.state``)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="labelled pages (labels.csv), or grounds (images alone)")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file; weights and state lie beside it")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reuse", type=int, default=4, help="how often an example is seen, flipped and toned anew")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rate", type=float, default=4e-3, help="highest learning rate")
    parser.add_argument("--hold", default="", help="sources left out, with commas between: a fold")
    parser.add_argument("--resume", type=Path, help="state to go on from")
    options = parser.parse_args()
    held = set(options.hold.split(","))
    bases = [base for folder in options.folders for base in read_bases(folder) if base.source not in held]
    print(f"{len(bases)} bases, {sum(bool(base.glare) for base in bases)} with glare", flush=True)
    train(bases, options)


def train(bases: list[Base], options: argparse.Namespace) -> None:
    """Train for ``options.seconds``; what is written is averaged over the last steps."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = PageNet()
    net.to(options.device, memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(net, avg_fn=_average, use_buffers=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=2e-3)
    state = State(net, mean, optimiser)
    if options.resume:
        state.load(options.resume)
    pool = Pool(bases, options.seed + state.step, options.reuse)
    begun, first, losses, kept = time.monotonic(), state.step, [], 0.0
    while (done := (time.monotonic() - begun) / options.seconds) < 1:
        for group in optimiser.param_groups:
            warm = min(1, (state.step - first + 1) / 60)
            group["lr"] = options.rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        net.round_activations(done > _ROUNDED)
        loss = measure_loss(net, *_tensors(pool.take(options.batch), options.device))
        optimiser.zero_grad(set_to_none=True)
        loss.sum().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        mean.update_parameters(net)
        state.step += 1
        losses.append(loss.detach())
        if state.step % 100 == 0:
            parts = [round(float(part), 3) for part in torch.stack(losses[-100:]).mean(0)]
            seconds = time.monotonic() - begun
            print(f"{seconds:.0f} s, {state.step * options.batch} examples, losses {parts}", flush=True)
            if seconds - kept > _KEEP_EVERY_S:
                state.keep(options.out)
                kept = seconds
    state.keep(options.out)


@dataclass
class State:
    """All that a training goes on from."""

    net: PageNet
    mean: torch.optim.swa_utils.AveragedModel
    optimiser: torch.optim.Optimizer
    step: int = 0

    def keep(self, out: Path) -> None:
        """Write the state, the averaged weights and the net made of them."""
        parts = {"net": self.net, "mean": self.mean, "optimiser": self.optimiser}
        torch.save(
            {name: part.state_dict() for name, part in parts.items()} | {"step": self.step}, _beside(out, "state")
        )
        best = copy.deepcopy(self.mean.module).cpu().eval()
        torch.save(best.state_dict(), _beside(out, "pt"))
        export(best, out)

    def load(self, path: Path) -> None:
        """Take the state from a file that ``keep`` wrote."""
        found = torch.load(path)
        for name, part in (("net", self.net), ("mean", self.mean), ("optimiser", self.optimiser)):
            part.load_state_dict(found[name])
        self.step = found["step"]


class Pool:
    """Made examples, each seen several times, turned and toned anew: making one costs as much as learning from it."""

    def __init__(self, bases: list[Base], seed: int, reuse: int) -> None:
        """Begin with examples enough that one is not seen twice in a batch."""
        self._source, self._reuse = Examples(bases, seed), reuse
        self._rng = np.random.default_rng(seed)
        self._kept = [self._source.make() for _ in range(_POOL_LEAST)]

    def take(self, size: int) -> list[NDArray[np.uint8]]:
        """Return views, truths and weights of a batch; some of the pool is made anew."""
        rng = self._rng
        for _ in range(max(1, size // self._reuse)):
            if len(self._kept) < _POOL:
                self._kept.append(self._source.make())
            else:
                self._kept[int(rng.integers(_POOL))] = self._source.make()
        picked = [self._turn(*self._kept[int(at)]) for at in rng.integers(0, len(self._kept), size)]
        return [np.stack(part) for part in zip(*picked, strict=True)]

    def _turn(self, view: NDArray[np.uint8], *maps: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        rng = self._rng
        levels = (
            np.arange(256) * rng.uniform(0.85, 1.05, (3, 1))
            if rng.random() < 0.3
            else np.arange(256) + np.zeros((3, 1))
        )
        view = np.asarray(cv2.LUT(view, np.ascontiguousarray(levels.T[None].clip(0, 255), np.uint8).reshape(1, 256, 3)))
        planes = [view.transpose(2, 0, 1), *maps]
        if rng.random() < 0.5:
            planes = [plane[:, :, ::-1] for plane in planes]
        if rng.random() < 0.15:
            planes = [plane[:, ::-1] for plane in planes]
        if rng.random() < 0.15:
            planes = [plane.transpose(0, 2, 1) for plane in planes]
        return planes


def measure_loss(net: PageNet, views: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the loss of each map, and of the light's overlap (Dice): shape (5,)."""
    logits = net(views)
    each = F.binary_cross_entropy_with_logits(logits, truth, reduction="none") * weight
    each = each * (1 + _LIT_WEIGHS * truth * torch.tensor([1.0, 0, 1, 0], device=truth.device).view(1, 4, 1, 1))
    shares = torch.tensor(_SHARES, device=truth.device)
    maps = each.sum((0, 2, 3)) / (weight.sum((0, 2, 3)) + 1) * shares
    seen, true = torch.sigmoid(logits[:, 0]) * weight[:, 0], truth[:, 0] * weight[:, 0]
    overlap = (2 * (seen * true).sum((1, 2)) + 4) / ((seen**2).sum((1, 2)) + (true**2).sum((1, 2)) + 4)
    return torch.cat([maps, 0.5 * (1 - overlap.mean())[None]])


def _average(mean: torch.Tensor, now: torch.Tensor, steps: torch.Tensor | int) -> torch.Tensor:
    """Average over the last hundred steps; the first steps, of which nothing is worth keeping, are forgotten sooner."""
    return mean + (now - mean) * max(_NEWEST, 9 / (int(steps) + 10))


def _tensors(batch: list[NDArray[np.uint8]], device: str) -> Batch:
    views, truth, weight = (torch.from_numpy(part).to(device) for part in batch)
    views = views.contiguous(memory_format=torch.channels_last).float()
    return views, truth.float() / 255, weight.float() / 255


def _beside(out: Path, suffix: str) -> Path:
    return out.with_suffix(f".{suffix}")


if __name__ == "__main__":
    main()
