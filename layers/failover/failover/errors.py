"""The exceptions of this package, by what their caller can do about them. Each is defined where it is raised.

Failure                       raised by us; its words hold no personal data and no secret
├── Invalid                   the input is wrong: the same input fails again
│   ├── Forged                    a callback without a valid signature
│   ├── InvalidFilters            a query string
│   ├── InvalidInput              an event of a send function
│   ├── InvalidJson               the body of a request
│   ├── InvalidRequest            a workflow as requested
│   ├── InvalidToken              an application's token
│   │   └── FaultyToken               one of its claims breaks a rule
│   │       └── ExpiredToken
│   ├── UnreadableItem            an item of the table that was edited by hand
│   ├── UnreadableJson            the body of a callback
│   ├── UnreadableReceipt         a callback
│   ├── UnreadableTask            a message of the webhook queue
│   ├── UnusableBody              a message that JSON cannot hold
│   ├── UnusableCredentials       what the secret of the Messages API holds
│   └── UnusableSecret            a secret that is not a JSON object
├── Temporary                 the same call may succeed later
│   ├── Unavailable               AWS throttles, is down or out of reach
│   │   └── KeyInUse                  a request with the same Idempotency-Key is being stored
│   ├── TooContended              other writers kept being first
│   │   └── AttemptUnderWay           another delivery is making this attempt
│   ├── NotYourTurn               a send has to wait; leaves the function, for the state machine
│   └── TooEarly                  the step before has time left
├── Overtaken                 another writer was first: read again, then decide again
│   ├── AlreadyExists             the item to add
│   ├── ConditionFailed           of a write to DynamoDB
│   ├── Conflict                  of a write to a workflow
│   ├── KeyUsed                   the Idempotency-Key has a workflow already
│   ├── Outdated                  an account or application has changed since it was read
│   ├── PointerTaken              the message id belongs to another message
│   └── Vanished                  the workflow to write is gone
├── AwsError                  AWS refused a call for good: a missing right, a missing resource, a wrong parameter
│   └── InvalidTaskToken          Step Functions does not know the token
├── CannotAdvance             a step's wait cannot be ended: it is over, has not begun, or no step follows
├── CommandRefused            a command has a fault or cannot be carried out; leaves `accounts` and `erasure`
├── PatienceEnded             a send has waited for its turn for too long
├── StatusesFull              the timeline has no more room for this message's statuses
├── Problem                   the answer to a client
└── TaskFailed                the only other exception that leaves a function without a client
"""


class Failure(Exception):
    """Every exception of this package."""


class Invalid(Failure):
    """The input is wrong: the same input fails again."""


class Temporary(Failure):
    """The same call may succeed later."""


class Overtaken(Failure):
    """Another writer was first."""
