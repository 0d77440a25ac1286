def tides() -> list[str]:
    return ["low", "high"]
