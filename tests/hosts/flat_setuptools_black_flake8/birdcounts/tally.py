from collections import Counter


def tally(sightings, at_least=1, *, names_of_species_that_nobody_counts=('pigeon', 'sparrow')):
    seen = Counter(each for each in sightings if each not in names_of_species_that_nobody_counts)
    return {name: count for name, count in seen.items() if count >= at_least}
