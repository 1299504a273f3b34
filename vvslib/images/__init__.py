"""Image sets: labelled uint8 images of one split, with a digest of their content.

An image set is named by a string, ``name`` or ``name:key=value,key=value``:

* ``cifar10`` and ``tiny_imagenet[:size=32]``: public sets, in memory;
* ``folder:path=/data/imagenet[,size=224]``: any tree with a folder a class, streamed from disk;
* ``sandbox[:size=32,per_class=500,variation=medium,seed=0]``: rendered objects, as many as asked, in memory.

Examples
--------
>>> canonical("cifar10")
'cifar10'
>>> images = load("sandbox:per_class=2,val_per_class=1", "val")
>>> len(images) == len(images.classes), images.images.dtype
(True, dtype('uint8'))
"""

from vvslib.images.imageset import SPLITS, ImageSet, MemoryImages
from vvslib.images.kinds import canonical, load, names, options

__all__ = ["SPLITS", "ImageSet", "MemoryImages", "canonical", "load", "names", "options"]
