"""mikrotik-mcp, a server of tools for language models: started as such programs start it, its tools called in turn.

Wishes: `calls`, a list of [tool, arguments]. It talks TLS, as it does unless it is told otherwise.
"""

import asyncio
import json
import sys
from pathlib import Path

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PROGRAM = str(Path(sys.executable).with_name("mikrotik-mcp"))


async def main() -> None:
    wishes = json.load(sys.stdin)
    server = StdioServerParameters(
        command=PROGRAM,
        env={
            "MIKROTIK_HOST": wishes["host"],
            "MIKROTIK_USERNAME": wishes["username"],
            "MIKROTIK_PASSWORD": wishes["password"],
            "MIKROTIK_PORT": str(wishes["ports"]["api-ssl"]),
        },
    )
    told = []
    async with stdio_client(server) as (reader, writer), ClientSession(reader, writer) as session:
        await session.initialize()
        for tool, arguments in wishes["calls"]:
            result = await session.call_tool(tool, arguments)
            text = "".join(getattr(part, "text", "") for part in result.content)
            try:
                told.append(json.loads(text))
            except ValueError:
                told.append(text)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
