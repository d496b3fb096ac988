"""Turn budget disclosures of Chinese government departments into JSON that can be defended."""

__version__ = "0.1.0"
