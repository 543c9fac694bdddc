"""Users: who may charge, and who may log in.

The one rule: `users/config` changes through its commands only, in the firmware's order of checks and with its words.
Source: Tinkerforge esp32-firmware, `modules/users/users.cpp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ...devices.interfaces import Origin
from .models import WARP1, WARP2_UP
from .rows import AnyRow, Command, Config
from .schema import BOOL, U8, U32, Arr, Int, Obj, Opt, Str, obj, uint

if TYPE_CHECKING:
    from .wallbox import Warp

FW: Final = "fw: modules/users"
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


class Users:
    """The users of one box."""

    def __init__(self, box: Warp) -> None:
        self._box = box

    @property
    def config(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._box.api.document("users/config"))

    @property
    def all(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", self.config["users"])

    def find(self, user_id: int) -> dict[str, Any] | None:
        return next((user for user in self.all if user["id"] == user_id), None)

    @property
    def names(self) -> dict[str, tuple[str, str]]:
        """User name and display name by id, deleted users with tracked charges included."""
        return cast("dict[str, tuple[str, str]]", self._box.settings["user_names"])

    def display_name(self, user_id: int) -> str:
        """For charge logs; empty for a deleted user without a saved name."""
        user = self.find(user_id)
        if user is not None:
            return cast("str", user["display_name"])
        return self.names.get(str(user_id), ("", ""))[1]

    def boot(self) -> None:
        """Without users the switch goes off; the next free id is looked for."""
        self._save(self.all)
        only_anonymous = len(self.all) == 1
        if only_anonymous and self._box.stored("evse/user_enabled"):
            self._box.controller.enable("evse/user_enabled", False)

    def _save(self, users: list[dict[str, Any]]) -> None:
        taken = {user["id"] for user in users} | {int(user_id) for user_id in self.names}
        free = next((user_id for user_id in range(1, 256) if user_id not in taken), 0)
        self._box.api.update("users/config", users=users, next_user_id=free)

    def _remember(self, user: dict[str, Any]) -> None:
        names = dict(self.names)
        if self._box.tracker.has_charged(user["id"]):
            names[str(user["id"])] = (user["username"], user["display_name"])
        self._box.settings.put("user_names", names)

    def _was_tracked(self, username: str, but: int | None = None) -> bool:
        if not username:
            return True
        return any(name == username and int(user_id) != but for user_id, (name, _) in self.names.items())

    # --- commands ----------------------------------------------------------------------------------------------------

    def refuse_new(self, new: dict[str, Any]) -> str | None:
        limit = cast("int", self._box.profile.model.traits["users"])
        if self.config["next_user_id"] == 0:
            return "Can't add user. All user IDs in use."
        if new["id"] != self.config["next_user_id"]:
            return "Can't add user. Wrong next user ID"
        if len(self.all) >= limit:
            return "Can't add user. Already have the maximum number of active users."
        if any(user["username"] == new["username"] for user in self.all):
            return "Can't add user. A user with this username already exists."
        if self._was_tracked(new["username"]):
            return f"Can't add user. {_TRACKED}"
        return None

    def add(self, new: dict[str, Any]) -> None:
        self._save([*self.all, new])

    def refuse_change(self, change: dict[str, Any]) -> str | None:
        user_id = change["id"]
        if user_id is None:
            return "Can't modify user. User ID is null or missing."
        user = self.find(user_id)
        if user_id == 0:
            for name, needs in _ONLY_NAME.items():
                if change[name] is not None and not (name == "roles" and change[name] == 0):
                    return f"Can't modify anonymous user. {needs} to be null or missing."
        if user is None:
            return "Can't modify user. User with this ID not found."
        username = change["username"]
        if username is None or username == user["username"]:
            return None
        if user["digest_hash"] and change["digest_hash"] is None:
            return "Changing the username without updating the digest hash is not allowed!"
        if any(other["username"] == username for other in self.all if other is not user):
            return "Can't modify user. Another user with the same username already exists."
        if self._was_tracked(username, user_id):
            return f"Can't modify user. {_TRACKED}"
        return None

    def modify(self, change: dict[str, Any]) -> None:
        given = {name: value for name, value in change.items() if value is not None}
        if not given.get("roles"):
            given.pop("roles", None)
        users = [user | given if user["id"] == given["id"] else user for user in self.all]
        self._save(users)
        found = self.find(given["id"])
        if found is not None:
            self._remember(found)

    def remove(self, user_id: int) -> None:
        user = self.find(user_id)
        if user is not None:
            self._remember(user)
        self._save([user for user in self.all if user["id"] != user_id])
        self._box.nfc.forget_user(user_id)

    # --- log-in ------------------------------------------------------------------------------------------------------

    @property
    def guarded(self) -> bool:
        """Whether a log-in is needed. Without any password nobody could get in, so then it is not."""
        return bool(self.config["http_auth_enabled"]) and self.has_password

    @property
    def has_password(self) -> bool:
        return any(user["digest_hash"] for user in self.all)

    def digest_hash(self, username: str) -> str | None:
        return next(
            (user["digest_hash"] for user in self.all if user["username"] == username and user["digest_hash"]), None
        )


def _add(box: Warp, value: object, _: Origin) -> str | None:
    box.users.add(cast("dict[str, Any]", value))
    return None


def _modify(box: Warp, value: object, _: Origin) -> str | None:
    box.users.modify(cast("dict[str, Any]", value))
    return None


def _refuse_removal(box: Warp, value: object) -> str | None:
    user_id = cast("dict[str, Any]", value)["id"]
    if user_id == 0:
        return "The anonymous user can't be removed."
    if box.users.find(user_id) is None:
        return "Can't remove user. User with this ID not found."
    return None


def _remove(box: Warp, value: object, _: Origin) -> str | None:
    box.users.remove(cast("dict[str, Any]", value)["id"])
    return None


def _refuse_auth(box: Warp, value: object) -> str | None:
    if cast("dict[str, Any]", value)["enabled"] and not box.users.has_password:
        return "Can't enable HTTP authentication if not at least one user with a password is configured!"
    return None


def _auth(box: Warp, value: object, _: Origin) -> str | None:
    box.api.update("users/config", http_auth_enabled=cast("dict[str, Any]", value)["enabled"])
    return None


def _config(count: int, models: tuple[str, ...]) -> Config:
    return Config(
        name="users/config",
        schema=obj(users=Arr(USER, count, 0, (ANONYMOUS,)), next_user_id=U8, http_auth_enabled=BOOL),
        update=False,
        nested_censor=("users", "digest_hash"),
        models=models,
        source=FW,
    )


ROWS: Final[tuple[AnyRow, ...]] = (
    _config(17, WARP1),
    _config(33, WARP2_UP),
    Command(
        name="users/add",
        schema=USER,
        run=_add,
        validate=lambda box, value: box.users.refuse_new(cast("dict[str, Any]", value)),
        action=True,
        nulls=False,
        source=FW,
    ),
    Command(
        name="users/modify",
        schema=Obj({name: Opt(member) for name, member in USER.members.items()}),
        run=_modify,
        validate=lambda box, value: box.users.refuse_change(cast("dict[str, Any]", value)),
        action=True,
        source=FW,
    ),
    Command(name="users/remove", schema=obj(id=Int(8)), run=_remove, validate=_refuse_removal, action=True, source=FW),
    Command(name="users/http_auth_update", schema=obj(enabled=BOOL), run=_auth, validate=_refuse_auth, source=FW),
)
