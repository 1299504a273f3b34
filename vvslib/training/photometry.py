"""Changes of colour and sharpness, for a batch on its device: each image its own amount, all drawn from one generator."""

import torch
from torch import Tensor
from torch.nn import functional as F

from vvslib.training.recipe import Recipe

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Normalisation of ImageNet, used for all image sets as in Gokce & Schrimpf (2025)."""
LUMA = (0.299, 0.587, 0.114)
"""Weights of grey (ITU-R BT.601)."""
_YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def normalise(images: Tensor) -> Tensor:
    """[0, 1] pixels to zero mean and unit variance over ImageNet, ``(b, 3, s, s)``; their memory is used."""
    pixels = images.permute(0, 2, 3, 1).contiguous()
    # A whole row of pixels at a time: three numbers in a row are too few to be vectorised.
    mean, std = (torch.tensor(values, device=images.device).repeat(pixels.shape[2]) for values in (MEAN, STD))
    pixels.view(-1, mean.numel()).sub_(mean).div_(std)
    return pixels.permute(0, 3, 1, 2)


def change(images: Tensor, recipe: Recipe, view: int, generator: torch.Generator) -> Tensor:
    """What a recipe does to the colours of one view, ``(b, 3, s, s)`` of [0, 1].

    SimCLR (Chen et al. 2020, appendix A): jitter with chance .8, grey .2, blur. Multi-crop is the same, with blur and
    solarisation by view (Caron et al. 2021, after Grill et al. 2020). Three-augment (Touvron et al. 2022): grey, solarisation or
    blur, each as likely, then jitter. Plain jitter for the others, where the recipe asks for it.
    """
    kind, strength = recipe.augmentation, recipe.color_jitter
    if kind in ("simclr", "multi_crop"):
        strength = strength or (1.0 if kind == "simclr" else 0.5)
        images = jitter(images, 0.8 * strength, 0.2 * strength, generator, chance=0.8)
        images = where(images, grey(images), 0.2, generator)
        if recipe.blur > 0:
            chance = recipe.blur if kind == "simclr" else (1.0, 0.1)[view] if view < 2 else 0.5
            images = where(images, blur(images, generator), chance, generator)
        return where(images, solarise(images), 0.2, generator) if kind == "multi_crop" and view == 1 else images
    if kind == "three_augment":
        which = torch.randint(0, 3, (len(images), 1, 1, 1), generator=generator).to(images.device)
        changed = torch.where(which == 0, grey(images), torch.where(which == 1, solarise(images), blur(images, generator)))
        return jitter(changed, strength, 0.0, generator)
    return jitter(images, strength, 0.0, generator) if strength > 0 else images


def where(images: Tensor, changed: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """The changed image with some chance, each for itself."""
    taken = torch.rand(len(images), 1, 1, 1, generator=generator) < chance
    return torch.where(taken.to(images.device), changed, images)


def grey(images: Tensor) -> Tensor:
    """Grey images, three equal channels."""
    weights = torch.tensor(LUMA, device=images.device).view(1, 3, 1, 1)
    return (images * weights).sum(1, keepdim=True).expand_as(images)


def solarise(images: Tensor, threshold: float = 0.5) -> Tensor:
    """Pixels above the threshold inverted."""
    return torch.where(images >= threshold, 1 - images, images)


def jitter(images: Tensor, strength: float, hue: float, generator: torch.Generator, chance: float = 1.0) -> Tensor:
    """Brightness, contrast and saturation each by a factor of 1 ± strength, then hue turned by up to ± `hue` of a circle.

    In this order always, where torchvision draws one; hue is turned in YIQ, which keeps the luma.
    """
    n, device = len(images), images.device
    u = torch.rand(n, 4, generator=generator)
    factors = (1 + strength * (2 * u[:, :3] - 1)).clamp_min(0).to(device).view(n, 3, 1, 1, 1)
    changed = (images * factors[:, 0]).clamp(0, 1)
    mean = grey(changed).mean(dim=(1, 2, 3), keepdim=True)
    changed = torch.lerp(mean, changed, factors[:, 1]).clamp(0, 1)
    changed = torch.lerp(grey(changed), changed, factors[:, 2]).clamp(0, 1)
    if hue > 0:
        changed = _turn(changed, 2 * torch.pi * hue * (2 * u[:, 3] - 1))
    return changed if chance >= 1 else where(images, changed, chance, generator)


def _turn(images: Tensor, angles: Tensor) -> Tensor:
    cos, sin, zero, one = angles.cos(), angles.sin(), torch.zeros_like(angles), torch.ones_like(angles)
    turn = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], dim=1).view(-1, 3, 3)
    matrices = (torch.linalg.inv(_YIQ) @ turn @ _YIQ).to(images.device)
    return torch.einsum("bij,bjhw->bihw", matrices, images).clamp(0, 1)


def blur(images: Tensor, generator: torch.Generator) -> Tensor:
    """Gaussian blur, σ uniform in [.1, 2] px at 224 px and in proportion below; the kernel spans a tenth of the image."""
    n, channels, side, _ = images.shape
    radius = max(side // 20, 1)
    sigma = (0.1 + 1.9 * torch.rand(n, 1, generator=generator)) * max(side / 224, 0.25)
    weights = torch.exp(-(torch.arange(-radius, radius + 1)[None, :] ** 2) / (2 * sigma**2))
    weights = (weights / weights.sum(1, keepdim=True)).repeat_interleave(channels, 0).to(images.device)
    flat = images.reshape(1, n * channels, side, images.shape[3])
    flat = F.conv2d(F.pad(flat, (radius, radius, 0, 0), mode="reflect"), weights[:, None, None, :], groups=n * channels)
    flat = F.conv2d(F.pad(flat, (0, 0, radius, radius), mode="reflect"), weights[:, None, :, None], groups=n * channels)
    return flat.view(images.shape)


def erase(images: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """With some chance, a box of 2 to 33 % of a normalised image replaced by noise (Zhong et al. 2020, as ConvNeXt has it)."""
    if chance <= 0:
        return images
    n, _, height, width = images.shape
    u = torch.rand(n, 5, generator=generator)
    area, ratio = 0.02 + (1 / 3 - 0.02) * u[:, 0], torch.exp(torch.log(torch.tensor(0.3)) * (2 * u[:, 1] - 1))
    tall, wide = (area * ratio).sqrt().clamp(max=1) * height, (area / ratio).sqrt().clamp(max=1) * width
    top, left = (height - tall) * u[:, 2], (width - wide) * u[:, 3]
    rows, columns = torch.arange(height)[None, :, None], torch.arange(width)[None, None, :]
    inside = (rows >= top.view(-1, 1, 1)) & (rows < (top + tall).view(-1, 1, 1))
    inside = inside & (columns >= left.view(-1, 1, 1)) & (columns < (left + wide).view(-1, 1, 1))
    inside = (inside & (u[:, 4] < chance).view(-1, 1, 1))[:, None].to(images.device)
    return torch.where(inside, torch.randn(images.shape, generator=generator).to(images), images)
