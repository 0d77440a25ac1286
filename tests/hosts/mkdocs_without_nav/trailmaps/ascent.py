def ascent(heights):
    """Return the metres that the trail climbs."""
    pairs = zip(heights, heights[1:])
    return sum(max(after - before, 0) for before, after in pairs)
