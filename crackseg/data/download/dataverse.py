"""Data sets on Dataverse servers: addresses of their files, and lists of these.

Addresses and answers are those of Dataverse's API guide: "Get Version of a Dataset" of the Native
API, and "Basic File Access" of the Data Access API (https://guides.dataverse.org/en/latest/api/).
Harvard's server could not be reached from the machine that this was written on: it was tested
against a server on localhost that answers as the guide says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from crackseg.errors import DownloadError
from crackseg.system.files import safe_relative_path


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set.

    Attributes:
        path: Path relative to the data set's root (POSIX).
        url: Address to fetch it from.
        size: Size in bytes.
        md5: MD5 of its content, in hexadecimal.
    """

    path: str
    url: str
    size: int
    md5: str


@dataclass(frozen=True)
class Source:
    """A version of a data set on a Dataverse server.

    Attributes:
        server: Address without a slash at the end.
        persistent_id: Identifier of the data set.
        version: Version as Dataverse counts.
        known: MD5s that must be among those that the server gives, by file name.
    """

    server: str
    persistent_id: str
    version: str
    known: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.persistent_id}, version {self.version}"

    @property
    def page(self) -> str:
        """The version's page for a browser."""
        query = urlencode({"persistentId": self.persistent_id, "version": self.version}, safe=":/")
        return f"{self.server}/dataset.xhtml?{query}"

    @property
    def metadata_url(self) -> str:
        """Address of the list of the version's files."""
        # A server may leave the files out unless they are asked for.
        query = urlencode({"persistentId": self.persistent_id, "excludeFiles": "false"})
        return f"{self.server}/api/datasets/:persistentId/versions/{self.version}?{query}"

    @property
    def by_hand(self) -> str:
        """Advice for downloading by hand."""
        return (
            f"or fetch its files in a browser from {self.page}, unzip them all into one folder, "
            "and train with data.root=FOLDER"
        )

    def files(self, answer: Any) -> list[RemoteFile]:
        """Reads the list of files from the server's answer.

        Args:
            answer: The decoded JSON.

        Raises:
            DownloadError: The answer has another shape than the guide's, names a file outside the
                data set's root, or lacks one of the known MD5s.
        """
        try:
            files = [self._file(entry) for entry in answer["data"]["files"]]
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise DownloadError(
                f"{self.metadata_url}: this is no list of files as Dataverse gives it ({reason}); "
                f"{self.by_hand}"
            ) from error
        listed = {file.md5 for file in files}
        missing = [f"{name} (MD5 {md5})" for name, md5 in self.known.items() if md5 not in listed]
        if missing or not files:
            raise DownloadError(
                f"{self.metadata_url}: the server does not list {' and '.join(missing) or 'any'}, "
                f"so this is not the data set that is known as {self}; nothing was fetched; look "
                f"at {self.page}"
            )
        return files

    def _file(self, entry: Mapping[str, Any]) -> RemoteFile:
        data = entry["dataFile"]
        path = f"{entry.get('directoryLabel') or ''}/{entry['label']}".lstrip("/")
        return RemoteFile(
            path=str(safe_relative_path(path)),
            url=f"{self.server}/api/access/datafile/{int(data['id'])}",
            size=int(data["filesize"]),
            md5=data["md5"].lower(),
        )
