"""Vision transformers: DeiT-III (Touvron et al. 2022, arXiv:2204.07118), its Flex widths, and small ones for 32 to 64 px."""

from typing import Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


def published(n_classes: int, size: int, width: int, depth: int, heads: int, drop_path: float = 0.0) -> nn.Module:
    """timm's DeiT-III with patches of 16 px, freshly initialised, its position embedding made for `size`.

    Every block has the same rate of stochastic depth, `drop_path`, as in DeiT-III; timm's own would grow from block to block.
    """
    from timm.models.vision_transformer import Block, VisionTransformer

    def block(*args: Any, **options: Any) -> nn.Module:
        return Block(*args, **options | {"drop_path": drop_path})

    return VisionTransformer(
        img_size=size,
        num_classes=n_classes,
        embed_dim=width,
        depth=depth,
        num_heads=heads,
        no_embed_class=True,
        init_values=1e-6,
        block_fn=block,
    )


def small(n_classes: int, size: int, width: int, depth: int) -> nn.Module:
    """A ViT for 32 to 64 px: patches of 4 px, heads of 32 channels (16 where `width` is no multiple of 32)."""
    return SmallViT(width, depth, width // (16 if width % 32 else 32), n_classes)


class Attention(nn.Module):
    """Multi-head self-attention.

    Parameters
    ----------
    width
        Channels of a token, a multiple of `heads`.
    heads
        Number of heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens (b, n, width) → the same shape."""
        query, key, value = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


class SmallBlock(nn.Module):
    """Attention, then two dense layers, each behind a normalisation and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens (b, n, width) → the same shape."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class SmallViT(nn.Module):
    """A plain ViT with fixed positions and averaged tokens, which takes images of any multiple of its patch.

    Positions are sines and cosines, tokens are averaged instead of gathered in a class token, and there is no layer scale: the
    baseline of Beyer et al. (2022, arXiv:2205.01580).

    Parameters
    ----------
    width
        Channels of a token, a multiple of 4 and of `heads`.
    depth
        Blocks.
    heads
        Heads of each block's attention.
    n_classes
        Outputs.
    patch
        Pixels of a patch's side.
    """

    def __init__(self, width: int, depth: int, heads: int, n_classes: int, patch: int = 4) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(3, width, patch, stride=patch)
        self.blocks = nn.Sequential(*(SmallBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (b, 3, s, s) → logits (b, n_classes)."""
        x = self.patch_embed(x)
        positions = sines_and_cosines(*x.shape[1:], device=x.device).to(x.dtype)
        x = self.blocks(x.flatten(2).transpose(1, 2) + positions)
        return self.head(self.norm(x).mean(1))


def sines_and_cosines(width: int, rows: int, columns: int, device: torch.device | None = None) -> torch.Tensor:
    """Fixed embedding of the positions on a grid: sines and cosines of row and column at wavelengths from 2π to 20,000π patches.

    Parameters
    ----------
    width
        Channels, a multiple of 4.
    rows, columns
        Of the grid.
    device
        Where it is computed; torch's default when None.

    Returns
    -------
    Tensor
        Shape (rows · columns, width), float32, row by row.

    Source
    ------
    Vaswani et al. (2017, arXiv:1706.03762), section 3.5, a half of the channels for each direction.

    Examples
    --------
    >>> sines_and_cosines(8, 2, 3).shape
    torch.Size([6, 8])
    """
    frequencies = 10_000.0 ** -torch.linspace(0, 1, width // 4, device=device)
    row, column = (torch.arange(n, device=device)[:, None] * frequencies for n in (rows, columns))
    row, column = row.repeat_interleave(columns, 0), column.repeat(rows, 1)
    return torch.cat([row.sin(), row.cos(), column.sin(), column.cos()], dim=1)
