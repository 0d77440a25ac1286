def grind(grain):
    return [each[: len(each) // 2] for each in grain]
