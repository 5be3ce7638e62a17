"""Place an order over JSON-2, with nothing but Python's own library.

    python3 order_json2.py --key KEY SERVICE "What I need"

KEY is an API key: in Odoo, at My Preferences, Security, New API Key. With ``--ref`` the
same order is placed once, however often the script runs.
"""

import argparse
import json
import os
import urllib.error
import urllib.request


class Json2:
    """Odoo's ``/json/2``: ``client(model, method, name=value, …)``."""

    def __init__(self, url, key, db=None):
        self.url = f"{url.rstrip('/')}/json/2"
        self.headers = {
            "Authorization": f"bearer {key}",
            "Content-Type": "application/json; charset=utf-8",
        }
        if db:
            self.headers["X-Odoo-Database"] = db

    def __call__(self, model, method, **arguments):
        """Call a method; ``ids=[…]`` says on which records."""
        request = urllib.request.Request(
            f"{self.url}/{model}/{method}",
            json.dumps(arguments).encode(),
            self.headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(json.load(error)["message"]) from None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("service", help="code of the service")
    parser.add_argument("name", help="what is needed")
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--db", help="where the server has several databases")
    parser.add_argument("--key", default=os.environ.get("ODOO_API_KEY"))
    parser.add_argument("--needed-by", help="ISO 8601, as 2026-05-04T09:00+02:00")
    parser.add_argument("--ref", help="your own reference")
    options = parser.parse_args()
    if not options.key:
        parser.error("give --key, or set ODOO_API_KEY")

    odoo = Json2(options.url, options.key, options.db)
    values = {
        "service": options.service,
        "name": options.name,
        "needed_by": options.needed_by,
        "external_ref": options.ref,
    }
    values = {name: value for name, value in values.items() if value}
    order = odoo("internal.request", "place_order", values=values)
    [told] = odoo(
        "internal.request",
        "read",
        ids=[order["id"]],
        fields=["number", "state", "deadline", "sla_state"],
    )
    print("Ordered:" if order["created"] else "Ordered before:", told["number"])
    print(f"  state: {told['state']}")
    print(f"  deadline: {told['deadline'] or 'none'} ({told['sla_state']})")


if __name__ == "__main__":
    main()
