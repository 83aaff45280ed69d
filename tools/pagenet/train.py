"""Train the page net on made examples: ``python -m tools.pagenet.train --out net.onnx FOLDER...``."""

from __future__ import annotations

import argparse
import math
import multiprocessing
import time
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

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
_RATE = 4e-3
_NEWEST = 0.01  # share of the newest step in the averaged weights
_ROUNDED = 0.8  # share of the training after which activations are rounded as in the shipped net

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def main() -> None:
    """Read the command line, train, and write weights (``.pt``) and net (``.onnx``)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="labelled pages (labels.csv), or grounds (images alone)")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file; the weights lie beside it as .pt")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that make examples")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--hold", default="", help="sources left out, with commas between: a fold")
    parser.add_argument("--start", type=Path, help="weights (.pt) to go on from")
    options = parser.parse_args()
    held = set(options.hold.split(","))
    bases = [base for folder in options.folders for base in read_bases(folder) if base.source not in held]
    print(f"{len(bases)} bases, {sum(bool(base.glare) for base in bases)} with glare", flush=True)
    net = train(bases, options)
    torch.save(net.state_dict(), options.out.with_suffix(".pt"))
    export(net, options.out)


def train(bases: list[Base], options: argparse.Namespace) -> PageNet:
    """Return a net trained for ``options.seconds``, its weights averaged over the last steps."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    net = PageNet()
    if options.start:
        net.load_state_dict(torch.load(options.start))
    net.to(options.device, memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(net, avg_fn=_average, use_buffers=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=2e-3)
    batches = _start_workers(bases, options)
    begun, step, losses = time.monotonic(), 0, []
    while (done := (time.monotonic() - begun) / options.seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = _RATE * min(1, (step + 1) / 60) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        net.round_activations(done > _ROUNDED)
        loss = measure_loss(net, *_tensors(batches.get(), options.device))
        optimiser.zero_grad(set_to_none=True)
        loss.sum().backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        mean.update_parameters(net)
        step += 1
        losses.append(loss.detach())
        if step % 100 == 0:
            parts = [round(float(part), 3) for part in torch.stack(losses[-100:]).mean(0)]
            print(f"{time.monotonic() - begun:.0f} s, {step * options.batch} examples, losses {parts}", flush=True)
    best: PageNet = mean.module.cpu().eval()
    return best


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


def _start_workers(bases: list[Base], options: argparse.Namespace) -> Queue[Any]:
    context = multiprocessing.get_context("fork")
    batches: Queue[Any] = context.Queue(maxsize=16)
    for worker in range(options.workers):
        seed = options.seed * 1000 + worker
        context.Process(target=_work, args=(bases, seed, options.batch, batches), daemon=True).start()
    return batches


def _work(bases: list[Base], seed: int, size: int, batches: Queue[Any]) -> None:
    cv2.setNumThreads(1)
    source = Examples(bases, seed)
    while True:
        made = [source.make() for _ in range(size)]
        batches.put(tuple(np.stack(part) for part in zip(*made, strict=True)))


def _tensors(batch: tuple[NDArray[np.uint8], ...], device: str) -> Batch:
    views, truth, weight = (torch.from_numpy(part).to(device) for part in batch)
    views = views.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last).float()
    return views, truth.float() / 255, weight.float() / 255


if __name__ == "__main__":
    main()
