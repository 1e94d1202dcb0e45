"""What functions share: requests and answers of API Gateway, guarded tasks, the public pages."""
