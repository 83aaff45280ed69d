"""Train the page net on made examples: ``python -m tools.pagenet.train --out net.onnx FOLDER...``.

On a GPU the examples are made by processes of their own (``--workers``), and as many are kept as fit (``--pool``).
In what order the processes deliver is chance, so two such trainings of one seed differ.
"""

from __future__ import annotations

import argparse
import copy
import math
import multiprocessing
import queue
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812

from sohoa.pages.page_net import CELL_PX
from tools.pagenet.bases import Base, read_bases, read_folds
from tools.pagenet.examples import CROP_PX, Examples
from tools.pagenet.export import export
from tools.pagenet.net import PageNet

_SHARES = (4.0, 0.6, 1.0, 0.5)  # of light, sheet, object and shadow in the loss
_LIT_WEIGHS = 3.0  # cells of light are few
_NEWEST = 0.01  # share of the newest step in the averaged weights
_KEEP_EVERY_S = 300
_LEAST = 400  # examples to begin with
_CHUNK = 32  # examples that a process delivers at a time
_ROUNDED = 0.85  # share of the training after which activations are rounded as in the shipped net
_TONED = 0.3  # share of the views whose colours are changed
_TURNS = ((lambda x: x.flip(3), 0.5), (lambda x: x.flip(2), 0.15), (lambda x: x.transpose(2, 3), 0.15))

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
    parser.add_argument("--workers", type=int, default=0, help="processes that make examples; --reuse is theirs then")
    parser.add_argument("--pool", type=int, default=6000, help="examples kept on the device, 130 kB each")
    parser.add_argument("--rate", type=float, default=4e-3, help="highest learning rate")
    parser.add_argument("--fold", type=int, default=0, help="of data.csv, whose sources are left out")
    parser.add_argument("--resume", type=Path, help="state to go on from")
    options = parser.parse_args()
    folds = read_folds()
    bases = [base for folder in options.folders for base in read_bases(folder)]
    bases = [base for base in bases if folds.get(base.source, 0) != options.fold or not options.fold]
    print(f"{len(bases)} bases, {sum(bool(base.glare) for base in bases)} with glare", flush=True)
    train(bases, options)


def train(bases: list[Base], options: argparse.Namespace) -> None:
    """Train for ``options.seconds``; what is written is averaged over the last steps."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = True
    cv2.setNumThreads(1)
    pool = Pool(bases, options)
    net = PageNet()
    net.to(options.device, memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(net, avg_fn=_average, use_buffers=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=2e-3)
    state = State(net, mean, optimiser)
    if options.resume:
        state.load(options.resume)
    pool.fill(_LEAST)
    begun, first, losses, kept = time.monotonic(), state.step, [], 0.0
    while (done := (time.monotonic() - begun) / options.seconds) < 1:
        for group in optimiser.param_groups:
            warm = min(1, (state.step - first + 1) / 60)
            group["lr"] = options.rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        net.round_activations(done > _ROUNDED)
        loss = measure_loss(net, *pool.take(options.batch))
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
            print(f"{seconds:.0f} s, {state.step * options.batch} views of {pool.made}, losses {parts}", flush=True)
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

    def __init__(self, bases: list[Base], options: argparse.Namespace) -> None:
        """Start the processes that make examples; without any, they are made here."""
        cells = CROP_PX // CELL_PX
        shapes = (3, CROP_PX, CROP_PX), (4, cells, cells), (4, cells, cells)
        self._queue: Any = None
        if options.workers:
            forked = multiprocessing.get_context("fork")  # the bases are shared
            self._queue = forked.Queue(4 * options.workers)
            for worker in range(options.workers):
                seed = options.seed * 1000 + worker
                forked.Process(target=_deliver, args=(bases, seed, self._queue), daemon=True).start()
        self._source, self._reuse = Examples(bases, options.seed), options.reuse
        room = {"dtype": torch.uint8, "device": options.device}
        self._parts = [torch.empty((options.pool, *shape), **room) for shape in shapes]
        self.made = 0

    def fill(self, least: int) -> None:
        """Take what was made in the meantime, at least so many examples."""
        missing = least
        while missing > 0 or self._queue:
            try:
                made = self._queue.get(block=missing > 0) if self._queue else _make(self._source, min(missing, _CHUNK))
            except queue.Empty:
                return
            places = (self.made + torch.arange(len(made[0]))) % len(self._parts[0])
            for part, some in zip(self._parts, made, strict=True):
                part[places.to(part.device)] = torch.from_numpy(some).to(part.device)
            self.made += len(made[0])
            missing -= len(made[0])

    def take(self, size: int) -> Batch:
        """Return views (size, 3, height, width), truths and weights (size, 4, height / 4, width / 4), 0 to 1."""
        self.fill(0 if self._queue else max(1, size // self._reuse))
        device = self._parts[0].device
        picked = torch.randint(min(self.made, len(self._parts[0])), (size,), device=device)
        views, truth, weight = (part[picked].float() for part in self._parts)
        is_toned = (torch.rand(size, 1, 1, 1, device=device) < _TONED).float()
        levels = 1 + is_toned * (torch.rand(size, 3, 1, 1, device=device) * 0.2 - 0.15)
        views = (views * levels).clamp_(0, 255).floor_()
        planes = [views, truth / 255, weight / 255]
        for turn, share in _TURNS:
            is_turned = torch.rand(size, 1, 1, 1, device=device) < share
            planes = [torch.where(is_turned, turn(plane), plane) for plane in planes]
        views, truth, weight = planes
        return views.contiguous(memory_format=torch.channels_last), truth, weight


def _make(source: Examples, count: int) -> list[NDArray[np.uint8]]:
    """Make examples: views, truths and weights, planes first."""
    made = [source.make() for _ in range(count)]
    views, truth, weight = (np.stack(part) for part in zip(*made, strict=True))
    return [np.ascontiguousarray(views.transpose(0, 3, 1, 2)), truth, weight]


def _deliver(bases: list[Base], seed: int, out: Any) -> None:
    """Make examples for ever, in a process of its own."""
    cv2.setNumThreads(1)
    source = Examples(bases, seed)
    while True:
        out.put(_make(source, _CHUNK))


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


def _beside(out: Path, suffix: str) -> Path:
    return out.with_suffix(f".{suffix}")


if __name__ == "__main__":
    main()
