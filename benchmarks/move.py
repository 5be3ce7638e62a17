"""Moving orders: a ticket with tracking, our orders with their clocks, bare statements.

What is left to the end of a transaction, tracking and the flush, is inside the clock.
"""

from odoo.fields import Command

from .measure import Side, in_turns, queries, ratio, result
from .worktime import office

SIZES = (1, 10, 100, 1000)
# Times the bare statements, and stock's times ours. Reading the orders by the rights of
# the caller takes longer than the bare statements, the clocks half as long; then comes
# what the events say.
AT_MOST, AT_LEAST = 6, 8
_GROWING = (
    "internal.request",
    "internal.request.event",
    "internal.sla.clock",
    "internal.rating",
    "helpdesk.ticket",
    "helpdesk.ticket.sla",
    "mail.message",
    "mail.tracking.value",
)


class Company:
    """Finance serves Sales: whoever of them works and asks, and what was promised."""

    def __init__(self, env):
        self.env = env
        company = env.company
        company.resource_calendar_id = office(env, company, holidays=20)
        self.finance, sales = env["hr.department"].create(
            [{"name": "Finance"}, {"name": "Sales"}]
        )
        self.clerk = self._person("clerk", self.finance)
        self.seller = self._person("seller", sales)
        self.service = env["internal.service"].create(
            {
                "name": "Reimbursement",
                "code": "reimbursement",
                "supplier_department_id": self.finance.id,
            }
        )
        env["internal.sla.policy"].create(
            [
                {"name": "Answer", "metric": "response", "hours": 4},
                {"name": "Delivery", "metric": "resolution", "hours": 16},
            ]
        )

    def _person(self, login, department):
        groups = [self.env.ref("base.group_user").id]
        if helpdesk := self.env.ref(
            "helpdesk_mgmt.group_helpdesk_user", raise_if_not_found=False
        ):
            groups.append(helpdesk.id)
        user = self.env["res.users"].create(
            {
                "name": login.title(),
                "login": login,
                "email": f"{login}@example.com",
                "group_ids": [Command.set(groups)],
            }
        )
        self.env["hr.employee"].create(
            {"name": login, "user_id": user.id, "department_id": department.id}
        )
        return user

    def place(self, count):
        """Place orders of the seller; return them as the clerk gets them."""
        orders = [{"service": "reimbursement", "name": "Receipt"}] * count
        requests = self.env["internal.request"]
        placed = requests.with_user(self.seller).place_order(orders)
        return requests.with_user(self.clerk).browse([order["id"] for order in placed])


class Batch:
    """Records made for each round, committed and read by nobody yet."""

    def __init__(self, env, make):
        self._env, self._make = env, make

    def prepare(self):
        commit(self._env)
        self.records = self._make()
        commit(self._env)


def commit(env):
    """Let the next transaction find what one of another day finds.

    What a transaction has made itself, PostgreSQL checks anew at each change; tables
    that it takes for empty, it reads as a whole for each foreign key.
    """
    env.cr.commit()
    tables = [env[name]._table for name in _GROWING if name in env]
    env.cr.execute(f"ANALYZE {', '.join(tables)}")
    env.cr.commit()


def run(env, size=None):
    """Compare moves of some sizes; what was ordered is started by a clerk.

    :param size: how many at once (1, 10, 100 and 1,000)
    """
    company = Company(env)
    rows = []
    for count in [size] if size else SIZES:
        rows += _compare(env, company, count)
    return rows


def _compare(env, company, count):
    orders, bare = (Batch(env, lambda: company.place(count)) for _side in range(2))
    tickets = _Tickets(company, count)
    same = Batch(env, tickets.same)
    stage = env.ref("internal_customer.stage_in_progress")

    def start():
        orders.records.action_start()
        env.cr.flush()

    def drag():
        orders.records.write({"stage_id": stage.id})
        env.cr.flush()

    times = in_turns(
        {
            "started": Side(start, prepare=orders.prepare),
            "dragged": Side(drag, prepare=orders.prepare),
            "limit": Side(
                lambda: _move_bare(bare.records, stage), prepare=bare.prepare
            ),
            "tracked": Side(tickets.move, prepare=same.prepare),
        },
    )
    most = 12 if count == 1 else 50
    asked = {}
    for act, batch in ((start, orders), (drag, orders), (tickets.move, same)):
        batch.prepare()
        asked[act] = queries(env, act)
    many = count >= 1000
    return [
        result(
            f"{count} started: ours / one UPDATE, one INSERT",
            ratio(times, "started", "limit"),
            at_most=AT_MOST if many else None,
            queries=asked[start],
            max_queries=most,
        ),
        result(
            f"{count} dragged: ours / one UPDATE, one INSERT",
            ratio(times, "dragged", "limit"),
            at_most=AT_MOST if many else None,
            queries=asked[drag],
            max_queries=most + 1,  # whether there is that stage
        ),
        result(
            f"{count} moved: tracked ticket / ours",
            ratio(times, "tracked", "started"),
            at_least=AT_LEAST if many else None,
            queries=asked[tickets.move],
        ),
    ]


def _move_bare(requests, stage):
    """Move orders as if nothing had to be known, checked or judged."""
    env, ids = requests.env, list(requests.ids)
    env.cr.execute(
        """
        UPDATE internal_request
        SET state = %s, stage_id = %s, user_id = %s, event_head = %s,
            event_count = event_count + 1, write_uid = %s, write_date = now()
        WHERE id = ANY(%s)
        """,
        [stage.state, stage.id, env.uid, "0" * 64, env.uid, ids],
    )
    env.cr.execute(
        """
        INSERT INTO internal_request_event
            (request_id, kind, at, recorded_at, user_id, from_state, to_state, hash)
        SELECT id, 'start', now(), now(), %s, 'submitted', %s, %s
        FROM unnest(%s) AS id
        """,
        [env.uid, stage.state, "0" * 64, ids],
    )


class _Tickets:
    """Tickets whose stage is tracked, and of which nobody is told anything."""

    def __init__(self, company, count):
        env = company.env
        self._stages = env["helpdesk.ticket.stage"].create(
            [{"name": "Here"}, {"name": "There"}]
        )
        values = {
            "name": "Receipt",
            "description": "Receipt",
            "team_id": env["helpdesk.ticket.team"].create({"name": "Outsiders"}).id,
            "stage_id": self._stages[1].id,
        }
        tickets = env["helpdesk.ticket"].create([values] * count)
        self._tickets = tickets.with_user(company.clerk)

    def same(self):
        return self._tickets

    def move(self):
        """Move them there and, the next time, back."""
        self._tickets.write({"stage_id": self._stages[0].id})
        self._stages = self._stages[::-1]
        self._tickets.env.cr.flush()
