"""CrackSeg9k on its server: its identifier, its versions, and what is known of its files."""

from crackseg.data.download.dataverse import Source

SERVER = "https://dataverse.harvard.edu"
PERSISTENT_ID = "doi:10.7910/DVN/EGIEBY"
# Ours -> Dataverse's, which counts as major.minor.
VERSIONS = {3: "3.0", 4: "4.0"}
# MD5 of files that are known from elsewhere.
_KNOWN: dict[int, dict[str, str]] = {
    4: {
        "Final-Dataset-Vol1.zip": "0ee4b33617db30612184a2700116ba4d",
        "Final-Dataset-Vol2.zip": "d52bccf41c081d74fe50c9feec48ca39",
    }
}


def crackseg9k(version: int) -> Source:
    """CrackSeg9k on Harvard's Dataverse.

    Args:
        version: Key of ``VERSIONS``.
    """
    return Source(SERVER, PERSISTENT_ID, VERSIONS[version], _KNOWN.get(version, {}))
