"""Users: who may charge, and who may log in.

The one rule: `users/config` changes through its commands only, in the firmware's order of checks and with its words.
Source: Tinkerforge esp32-firmware, `modules/users/users.cpp`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..api.documents import Doc, plain_docs
from ..api.rows import AnyRow, Config, Source
from ..api.schema import BOOL, U8, U32, Int, Str, uint
from ..api.shapes import Arr, Obj, Opt, obj
from ..evse.controller import Controller
from ..evse.flash import USER_ENABLED
from ..models import WARP1, WARP2_UP
from ..module import Module
from ..platform import Platform
from ..settings import USER_NAMES
from .chargelog import ChargeLog

FW: Final = Source("fw: modules/users")
USER: Final = obj(
    id=U8,
    roles=U32,
    current=uint(0, 32000, 32000, width=16),
    display_name=Str(0, 32),
    username=Str(0, 32),
    digest_hash=Str(0, 32),
)
ANONYMOUS: Final = {
    "id": 0,
    "roles": 0xFFFFFFFF,
    "current": 32000,
    "display_name": "Anonymous",
    "username": "anonymous",
    "digest_hash": "",
}
_ONLY_NAME: Final = {
    "digest_hash": "Digest_hash needs",
    "roles": "Roles need",
    "current": "Current need",
    "username": "Username needs",
}
"""What nobody may change of the anonymous user."""
_TRACKED: Final = "A user with this username already has tracked charges."


class Users(Module):
    """The users of one wallbox."""

    def __init__(self, platform: Platform, controller: Controller, charges: ChargeLog) -> None:
        super().__init__(platform)
        self.controller = controller
        self.charges = charges
        self.removed: Callable[[int], None] = lambda _: None
        """Called with the id of a user who was removed."""

    @property
    def config(self) -> Doc:
        return self.api.doc("users/config")

    @property
    def all(self) -> list[Doc]:
        return self.config.docs("users")

    def find(self, user_id: int) -> Doc | None:
        return next((user for user in self.all if user["id"] == user_id), None)

    @property
    def names(self) -> dict[str, tuple[str, str]]:
        """User name and display name by id, deleted users with tracked charges included."""
        return self.settings[USER_NAMES]

    def display_name(self, user_id: int) -> str:
        """For charge logs; empty for a deleted user without a saved name."""
        user = self.find(user_id)
        if user is not None:
            return user.text("display_name")
        return self.names.get(str(user_id), ("", ""))[1]

    def boot(self) -> None:
        """Without users the switch goes off; the next free id is looked for."""
        self._save(self.all)
        only_anonymous = len(self.all) == 1
        if only_anonymous and self.platform.flash.flag(USER_ENABLED):
            self.log("users", "User slot enabled, but no users configured. Disabling user slot.")
            self.controller.enable(USER_ENABLED, False)
        if self.guarded:
            self.log("users", "Web interface authentication enabled.")

    def _save(self, users: list[Doc]) -> None:
        taken = {user.integer("id") for user in users} | {int(user_id) for user_id in self.names}
        free = next((user_id for user_id in range(1, 256) if user_id not in taken), 0)
        self.api.update("users/config", users=plain_docs(users), next_user_id=free)

    def _remember(self, user: Doc) -> None:
        names = dict(self.names)
        if self.charges.has_charged(user.integer("id")):
            names[str(user["id"])] = (user.text("username"), user.text("display_name"))
        self.settings.put(USER_NAMES, names)

    def _was_tracked(self, username: str, but: int | None = None) -> bool:
        if not username:
            return True
        return any(name == username and int(user_id) != but for user_id, (name, _) in self.names.items())

    # --- commands ----------------------------------------------------------------------------------------------------

    def refuse_new(self, new: Doc) -> str | None:
        limit = self.platform.traits.users
        if self.config["next_user_id"] == 0:
            return "Can't add user. All user IDs in use."
        if new["id"] != self.config["next_user_id"]:
            return "Can't add user. Wrong next user ID"
        if len(self.all) >= limit:
            return "Can't add user. Already have the maximum number of active users."
        if any(user["username"] == new["username"] for user in self.all):
            return "Can't add user. A user with this username already exists."
        if self._was_tracked(new.text("username")):
            return f"Can't add user. {_TRACKED}"
        return None

    def add(self, new: Doc) -> None:
        self._save([*self.all, new])

    def refuse_change(self, change: Doc) -> str | None:
        if change["id"] is None:
            return "Can't modify user. User ID is null or missing."
        user_id = change.integer("id")
        user = self.find(user_id)
        if user_id == 0:
            for name, needs in _ONLY_NAME.items():
                if change[name] is not None and not (name == "roles" and change[name] == 0):
                    return f"Can't modify anonymous user. {needs} to be null or missing."
        if user is None:
            return "Can't modify user. User with this ID not found."
        username = change["username"]
        if not isinstance(username, str) or username == user["username"]:
            return None
        if user["digest_hash"] and change["digest_hash"] is None:
            return "Changing the username without updating the digest hash is not allowed!"
        if any(other["username"] == username for other in self.all if other is not user):
            return "Can't modify user. Another user with the same username already exists."
        if self._was_tracked(username, user_id):
            return f"Can't modify user. {_TRACKED}"
        return None

    def modify(self, change: Doc) -> None:
        given = {name: value for name, value in change.members.items() if value is not None}
        if not given.get("roles"):
            given.pop("roles", None)
        wanted = given["id"]
        self._save([Doc(user.changed(**given)) if user["id"] == wanted else user for user in self.all])
        found = self.find(change.integer("id"))
        if found is not None:
            self._remember(found)

    def refuse_removal(self, doc: Doc) -> str | None:
        user_id = doc.integer("id")
        if user_id == 0:
            return "The anonymous user can't be removed."
        return None if self.find(user_id) is not None else "Can't remove user. User with this ID not found."

    def remove(self, doc: Doc) -> None:
        user_id = doc.integer("id")
        user = self.find(user_id)
        if user is not None:
            self._remember(user)
        self._save([user for user in self.all if user["id"] != user_id])
        self.removed(user_id)

    # --- log-in ------------------------------------------------------------------------------------------------------

    @property
    def guarded(self) -> bool:
        """Whether a log-in is needed. Without any password nobody could get in, so then it is not."""
        return self.config.flag("http_auth_enabled") and self.has_password

    @property
    def has_password(self) -> bool:
        return any(user["digest_hash"] for user in self.all)

    def digest_hash(self, username: str) -> str | None:
        hashes = (user.text("digest_hash") for user in self.all if user["username"] == username)
        return next((found for found in hashes if found), None)

    def refuse_login(self, doc: Doc) -> str | None:
        if doc.flag("enabled") and not self.has_password:
            return "Can't enable HTTP authentication if not at least one user with a password is configured!"
        return None

    def guard(self, doc: Doc) -> None:
        self.api.update("users/config", http_auth_enabled=doc.flag("enabled"))


def _config(count: int, models: tuple[str, ...]) -> Config[Users]:
    return FW.config(
        "users/config",
        obj(users=Arr(USER, count, 0, (ANONYMOUS,)), next_user_id=U8, http_auth_enabled=BOOL),
        update=False,
        nested_censor=("users", "digest_hash"),
        models=models,
    )


ROWS: Final[tuple[AnyRow[Users], ...]] = (
    _config(17, WARP1),
    _config(33, WARP2_UP),
    FW.command("users/add", Users.add, USER, validate=Users.refuse_new, action=True, nulls=False),
    FW.command(
        "users/modify",
        Users.modify,
        Obj({name: Opt(member) for name, member in USER.members.items()}),
        validate=Users.refuse_change,
        action=True,
    ),
    FW.command("users/remove", Users.remove, obj(id=Int(8)), validate=Users.refuse_removal, action=True),
    FW.command("users/http_auth_update", Users.guard, obj(enabled=BOOL), validate=Users.refuse_login),
)
