"""A guest's session in the eyes of clients nobody here wrote."""

from __future__ import annotations

from tests.real_clients.lab import site

MAC = "02:00:5E:00:53:C1"
ADDRESS = "172.20.0.50"


async def test_a_session_from_login_to_logout() -> None:
    async with site(all_services=True) as lab:
        lab.run("/ip/hotspot/enable", {"numbers": "office-hotspot"})
        lab.router.associate(MAC, ADDRESS, "vlan-office")
        entered = await lab.python("drive_sessions", act="login", address=ADDRESS)
        lab.clock.advance(3 * 3600 + 25)
        seen = await lab.python("drive_sessions", act="look", address=ADDRESS)
        left = await lab.python("drive_sessions", act="logout", address=ADDRESS)
        (reception,) = [row for row in lab.run("/ip/hotspot/user/print") if row["name"] == "reception"]

    assert entered == {"refused": "invalid username or password"}
    (session,) = seen["active"]
    assert (session["user"], session["server"]) == ("reception", "office-hotspot")
    assert (session["uptime"], session["session-time-left"]) == (10825.0, 8 * 3600 - 10825.0)
    assert (session["bytes-in"], session["radius"]) == (0, False)
    (host,) = seen["hosts"]
    assert (host["mac-address"], host["authorized"], host["bypassed"]) == (MAC, True, False)
    assert seen["user"]["uptime"] == 0.0
    assert seen["by librouteros"] == [{"user": "reception", "uptime": "3h25s"}]
    assert seen["by rosrestpy"] == [["reception", ADDRESS, "3h25s", session["login-by"]]]
    assert seen["hosts by rosrestpy"] == [[MAC, "office-hotspot"]]

    assert left == {"left": []}
    # What the session lasted is added to its user when it ends.
    assert reception["uptime"] == "3h25s"
