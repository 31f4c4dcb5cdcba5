"""The account of channels in a U-Net whose skips are concatenated, as all of them here keep it."""


def unet_channels(first, widths, blocks):
    """Channels that come into each block, by level: lists of the way down, and of the way up.

    `first` leave the first convolution. A level has `blocks` blocks on the way down, each of
    which leaves a skip, as the down-sampling behind it does on all levels but the last; on the
    way up it has one block more.
    """
    channels, skips = first, [first]
    down = []
    for level, width in enumerate(widths):
        down.append([channels] + [width] * (blocks - 1))
        channels = width
        skips += [width] * (blocks if level == len(widths) - 1 else blocks + 1)
    up = []
    for width in reversed(widths):
        up.append([])
        for _ in range(blocks + 1):
            up[-1].append(channels + skips.pop())
            channels = width
    return down, up[::-1]
