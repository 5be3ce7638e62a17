from odoo import fields, models

from ..engine.transitions import (
    DELIVERED,
    DOCUMENT,
    FINAL,
    REFUSED,
    TABLE,
    WAITING,
    Event,
    Life,
    follow,
    replay,
)
from .internal_sla_policy import PRIORITIES

FORWARDED = "forwarded"
MAX_NAME = 200


class InternalRequestFollow(models.AbstractModel):
    """Orders that follow the documents of the ERP by which they are fulfilled."""

    _name = "internal.request.follow"
    _description = "Orders behind Documents"

    def _follow_documents(self, documents, who):
        """Move the orders of ``documents``, and open those that are missing.

        :param documents: records of one ``internal.request.source``, in superuser mode
        :param who: ``{document id: whether it was said anew who is served by whom}``
        """
        now, latest = fields.Datetime.now(), documents._internal_request_latest()
        requests = self.sudo().union(*latest.values())
        requests._accept_silently(now)
        events = requests._events()
        paths = [
            _Path(document, latest.get(document.id), events, who[document.id])
            for document in documents
        ]
        drafts = self._prepare_drafts([path for path in paths if path.opens])
        followed = {path.request.id: path for path in paths if path.request}
        told = {id_: path.events(path in drafts, now) for id_, path in followed.items()}
        self._update_rows(list(followed), [path.row() for path in followed.values()])
        fresh = self._insert_drafts(list(drafts.values()))
        for id_, path in zip(fresh, drafts, strict=True):
            told[id_] = path.first_events(now)
        told = {id_: happened for id_, happened in told.items() if happened}
        known = {**dict.fromkeys(fresh, []), **events}
        self.sudo().browse(told)._record(told, now, known)

    def _prepare_drafts(self, paths):
        """Return ``{path: values of a draft}`` where a colleague of a department that
        the service is offered to is served; of others nothing is asked, or shown."""
        services, users = self.env["internal.service"].sudo(), self.env["res.users"]
        services = services.union(*(path.service for path in paths))
        users = users.sudo().union(*(path.requester for path in paths))
        departments = users._internal_departments(services.company_id)
        drafts = {}
        for path in paths:
            service, requester = path.service, path.requester
            if not service.active or not requester.active or requester.share:
                continue
            if service.company_id != path.document.company_id:
                continue
            customer = departments[requester, service.company_id][0][:1]
            offered = service.customer_department_ids
            if customer and (not offered or customer in offered):
                drafts[path] = {
                    **service._order_values(),
                    **path.draft(),
                    "customer_department_id": customer.id,
                    "requester_id": requester.id,
                }
        return drafts

    def _is_before_delivery(self):
        return self.state != DELIVERED and self.state not in FINAL

    def _is_askable(self):
        """Return whether somebody is asked to rate it, or will be."""
        return not self.unasked and (
            self.rating_state == "asked"
            or (self._is_before_delivery() and self.rating_state == "none")
        )


class _Path:
    """The way of an order to where its document stands by now."""

    def __init__(self, document, request, events, anew):
        self.document, self.request = document, request
        values = document._internal_request_values()
        env = document.env
        self.service = env["internal.service"].browse(values.get("service_id") or ())
        self.requester = env["res.users"].browse(values.get("requester_id") or ())
        self.assignee_id = values.get("user_id") or None
        self.name = values.get("name") or document.display_name
        self.priority = values.get("priority")
        self.state = document._internal_request_state()
        self.cause = ""
        if self.state == WAITING:
            self.cause = document._internal_request_cause()
        self.standing = f"{self.state} {self.cause}".strip()
        self.kinds = ()
        if not request:
            self.opens = anew and self.state not in REFUSED
            return
        if self.standing != request.standing:
            life = replay(events[request.id])
            was = (request.standing or "").partition(" ")[0]
            self.kinds = follow(life, was, self.state, self.cause)
        self.forwards = (
            anew
            and self.state not in REFUSED
            and request._is_before_delivery()
            and self.service not in (request.service_id, self.service.browse())
        )
        self.opens = self.kinds is None or self.forwards
        self.misleads = bool(values) and self.requester != request.requester_id
        asked_again = "reject" in (self.kinds or ()) and not request.unasked
        self.unasks = self.misleads and (
            asked_again or (anew and request._is_askable())
        )

    def draft(self):
        """Return what the document says of a new order."""
        return {
            "name": self.name[:MAX_NAME],
            "priority": self.priority if self.priority in dict(PRIORITIES) else "1",
            "user_id": self.assignee_id,
            "origin_id": self.request.id if self.request else None,
            "res_model": self.document._name,
            "res_id": self.document.id,
            "standing": self.standing,
        }

    def row(self):
        """Return what changes on the order without an event."""
        user_id = self.request.user_id.id
        if self.assignee_id and self.request._is_before_delivery():
            user_id = self.assignee_id
        return {"standing": self.standing, "user_id": user_id}

    def events(self, opened, now):
        """Return what happens to the order; ``opened``: another one takes over."""
        kinds = ("decline",) if self.forwards and opened else self.kinds or ()
        code = FORWARDED if self.forwards and opened else "other"
        if self.unasks:
            kinds = ("unask", *kinds)
        return [self._event(kind, now, code) for kind in kinds]

    def first_events(self, now):
        """Return what happens to an order that opens for this document now."""
        kinds = follow(Life(), "", self.state, self.cause)
        if self.request and (self.request.unasked or self.misleads):
            kinds = (kinds[0], "unask", *kinds[1:])
        return [self._event(kind, now) for kind in kinds]

    def _event(self, kind, now, code="other"):
        needs, reason = TABLE[kind].needs, ""
        if "reason" in needs:
            reason = self.document._internal_request_reason()
        if kind == "reject":
            reason = self.document.env._("Reopened: %s", reason)
        return Event(
            kind,
            now,
            self.cause if kind == "wait" else DOCUMENT,
            None,
            self.document.env.uid,
            code if "code" in needs else "",
            reason,
        )
