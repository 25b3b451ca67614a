"""One of several processes that want the same coupons and schedules: `python -m tests.reference_impl.rival`.

Arguments: URL of the database, moment in ISO 8601, id of an instance, codes and ids of schedules as lists with
commas. Says `ready`, waits for a line, tries all of them at once and prints what it got as JSON.
"""

import asyncio
import json
import sys
from datetime import datetime
from uuid import uuid4

from reference_impl.database import Database
from reference_impl.stores.coupons import CouponStore, Redeemed
from reference_impl.stores.schedules import ScheduleStore


async def compete(url: str, moment: str, instance: str, codes: str, schedules: str) -> None:
    now = datetime.fromisoformat(moment)
    database = Database(url, new_id=uuid4)
    coupon_store = CouponStore(database)
    schedule_store = ScheduleStore(database, coupon_store)
    await database.open()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    redeemed = asyncio.gather(*(coupon_store.redeem(instance, code, now) for code in codes.split(",")))
    run = asyncio.gather(*(schedule_store.run_due(schedule, now) for schedule in schedules.split(",")))
    won = {
        "coupons": [result.coupon_id for result in await redeemed if isinstance(result, Redeemed)],
        "schedules": [result.schedule_id for result in await run if result is not None],
    }
    print(json.dumps(won), flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(compete(*sys.argv[1:]))
