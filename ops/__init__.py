"""Tools for those who operate a deployed stack: plain boto3 and HTTP, from the repository's .venv.

Each module `ops.<verb>` has `main(argv) -> int`. They use the caller's own credentials and Region, and respect
AWS_ENDPOINT_URL and its relatives, so each of them also works with the local stack.
"""
