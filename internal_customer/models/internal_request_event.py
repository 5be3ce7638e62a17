import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .internal_request_stage import STATE_NAMES

KINDS = [
    ("submit", "Ordered"),
    ("accept", "Accepted"),
    ("counter", "Other date offered"),
    ("accept_counter", "Offer accepted"),
    ("decline", "Declined"),
    ("start", "Work started"),
    ("wait", "Waiting"),
    ("resume", "Work resumed"),
    ("deliver", "Delivered"),
    ("confirm", "Delivery accepted"),
    ("reject", "Sent back"),
    ("cancel", "Cancelled"),
    ("unask", "Nobody is asked"),
]
CAUSES = [
    ("customer", "Customer"),
    ("third_party", "Third party"),
    ("supplier", "Supplier"),
    ("silence", "Silence"),
    ("score", "Rating"),
    ("document", "Document"),
]
_SEALED = (
    "request_id",
    "kind",
    "at",
    "recorded_at",
    "user_id",
    "from_state",
    "to_state",
    "cause",
    "code",
    "moment",
    "note",
)


class InternalRequestEvent(models.Model):
    """What happened to a request: written once, chained by hashes, never changed.

    Rows come from :meth:`_append` alone; there is no other way in, for anybody.
    """

    _name = "internal.request.event"
    _description = "Order Event"
    _inherit = ["internal.validated"]
    _order = "at, id"
    _rec_names_search = ["request_id"]
    _log_access = False

    request_id = fields.Many2one(
        "internal.request", "Order", required=True, index=True, ondelete="restrict"
    )
    kind = fields.Selection(KINDS, required=True)
    at = fields.Datetime(required=True)
    recorded_at = fields.Datetime(required=True)
    user_id = fields.Many2one(
        "res.users", "By", required=True, index=True, ondelete="restrict"
    )
    from_state = fields.Selection(STATE_NAMES, required=True)
    to_state = fields.Selection(STATE_NAMES, required=True)
    cause = fields.Selection(CAUSES)
    code = fields.Char("Reason Code")
    moment = fields.Datetime("Date Named", help="The date promised or offered.")
    note = fields.Text()
    hash = fields.Char(required=True)

    @api.model
    def _validate_values(self, vals):
        """Refuse whatever is to be created or written, for the superuser too."""
        self._refuse()

    @api.ondelete(at_uninstall=True)
    def _unlink_never(self):
        self._refuse()

    def _refuse(self):
        raise AccessError(
            self.env._("Events are evidence: nobody writes, changes or deletes one.")
        )

    @api.model
    def _append(self, rows):
        """Add events, each chained to the one before it on its request.

        :param rows: dicts of all fields but ``hash``, in the order of entry
        """
        heads = self._chain_rows(rows)
        requests = self.env["internal.request"]
        requests._update_rows(list(heads), list(heads.values()))

    @api.model
    def _chain_rows(self, rows):
        """Insert events as :meth:`_append` does; the caller writes the new heads.

        :return: ``{request id: {"event_head", "event_count"}}``; nobody else writes
            these requests until the transaction ends
        """
        heads = {
            row.pop("id"): row
            for row in self.env.execute_query_dict(
                SQL(
                    "SELECT id, event_head, event_count FROM internal_request"
                    " WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                    [row["request_id"] for row in rows],
                )
            )
        }
        for row in rows:
            head = heads[row["request_id"]]
            row["hash"] = head["event_head"] = _chain(head["event_head"] or "", row)
            head["event_count"] = (head["event_count"] or 0) + 1
        self._insert_rows(rows)
        return heads

    @api.model
    def _broken_chains(self, companies):
        """Return how many events were read, and the ids of requests whose chain of
        events does not end in the head and count that stand on the request."""
        checked, broken, last = 0, [], 0
        while heads := self.env.execute_query(
            SQL(
                "SELECT id, event_head, event_count FROM internal_request"
                " WHERE company_id = ANY(%s) AND id > %s ORDER BY id LIMIT 5000",
                companies.ids,
                last,
            )
        ):
            last = heads[-1][0]
            events = self.env.execute_query_dict(
                SQL(
                    "SELECT * FROM internal_request_event"
                    " WHERE request_id = ANY(%s) ORDER BY id",
                    [id_ for id_, _head, _count in heads],
                )
            )
            checked += len(events)
            chains = {}
            for row in events:
                head, count = chains.get(row["request_id"], ("", 0))
                good = head is not None and row["hash"] == _chain(head, row)
                chains[row["request_id"]] = (row["hash"] if good else None, count + 1)
            broken += [
                id_
                for id_, head, count in heads
                if chains.get(id_, ("", 0)) != (head or "", count or 0)
            ]
        return checked, broken


def _chain(head, row):
    """Return the hash of an event's facts and of the event before it."""
    facts = [str(row[name] or "") for name in _SEALED]
    return hashlib.sha256(json.dumps([head, *facts]).encode()).hexdigest()
