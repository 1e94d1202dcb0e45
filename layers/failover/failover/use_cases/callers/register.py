"""The commands of the function `accounts`, which register who may call.

A secret is in the answer, and nowhere else ever again.
"""

from failover.use_cases.callers import accounts, applications, rotations, status_urls, stopping
from failover.use_cases.callers.commands import Command, Commands, Entry, OfAccount, OfApplication, OfEither

COMMANDS = Commands(
    {
        "create_account": Entry(accounts.CreateAccount, accounts.create),
        "list_accounts": Entry(accounts.ListAccounts, accounts.list_page),
        "show_account": Entry(OfAccount, accounts.show),
        "disable_account": Entry(OfAccount, accounts.disable),
        "enable_account": Entry(OfAccount, accounts.enable),
        "cancel_workflows": Entry(stopping.CancelWorkflows, stopping.cancel_workflows),
        "set_limit": Entry(accounts.SetLimit, accounts.set_limit),
        "delete_account": Entry(OfAccount, accounts.delete),
        "create_application": Entry(applications.CreateApplication, applications.create),
        "set_public_key": Entry(applications.SetPublicKey, applications.set_public_key),
        "disable_application": Entry(OfApplication, applications.disable),
        "enable_application": Entry(OfApplication, applications.enable),
        "delete_application": Entry(OfApplication, applications.delete),
        "set_status_url": Entry(status_urls.SetStatusUrl, status_urls.set_url),
        "remove_status_url": Entry(OfEither, status_urls.remove),
        "rotate_secret": Entry(rotations.RotateSecret, rotations.rotate_secret),
        "rotate_signature_secret": Entry(rotations.RotateSignatureSecret, rotations.rotate_signature_secret),
        "pause_sends": Entry(stopping.PauseSends, stopping.pause_sends),
        "resume_sends": Entry(Command, stopping.resume_sends),
    }
)
"""docs/operations.md, "Accounts and applications"."""
