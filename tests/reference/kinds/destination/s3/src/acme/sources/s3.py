"""Write to Amazon S3."""

from acme.runtime.files import s3


class S3(s3.S3):
    """A store of objects, in buckets. Paths are `<bucket>/<key>`.

    Credentials: `access_key_id`, `secret_access_key` and `session_token`, or none for an
    identity; `region`; for another store than Amazon's, `endpoint_url` and `ca_file`.
    """

    requires = ("boto3", "acme[s3]")
