import os
import time
import uuid
from pathlib import Path

import jwt

now = int(time.time())
claims = {"application_id": os.environ["APPLICATION_ID"], "jti": str(uuid.uuid4()), "iat": now, "exp": now + 900}
private_key = Path(os.environ["PRIVATE_KEY_PATH"]).read_text()
print(jwt.encode(claims, private_key, algorithm="RS256"))
