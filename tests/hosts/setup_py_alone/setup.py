from setuptools import find_packages, setup

REQUIREMENTS = ["chardet>=5"]

setup(
    name="old-mill",
    version="0.1",
    packages=find_packages(),
    install_requires=REQUIREMENTS + [],
    extras_require={},
)
