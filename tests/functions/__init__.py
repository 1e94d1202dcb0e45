"""The real functions on moto and a scripted Messages API. Begin with test_workflows_api.py."""
