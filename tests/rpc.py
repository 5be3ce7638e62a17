"""The server as scripts see it: odoorpc (JSON-RPC) and JSON-2, same case over both."""

import json
import unittest
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

import odoorpc
import pytest


class RpcError(Exception):
    """What the server answered: ``name`` is the class of its exception.

    >>> RpcError("odoo.exceptions.ValidationError", "values: unknown foo").name
    'odoo.exceptions.ValidationError'
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Server:
    """A running Odoo; made by the ``server`` fixture."""

    def __init__(self, port: int, db: str, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = port
        self.db = db
        self.address = f"http://{host}:{port}"
        self._odoorpc: dict[tuple[str, str], odoorpc.ODOO] = {}
        self._keys: dict[str, str] = {}

    def odoorpc_call(self, login, password, model, method, *args, ids=None, **kwargs):
        """Call a method as a script does with odoorpc.

        :param ids: records to call it on; not given for ``@api.model`` methods
        :raises RpcError: the server raised
        """
        if ids is not None:
            args = (ids, *args)
        try:
            client = self._odoorpc.get((login, password))
            if client is None:
                client = odoorpc.ODOO(self.host, port=self.port, timeout=600)
                client.login(self.db, login, password)
                self._odoorpc[login, password] = client
            return client.execute_kw(model, method, args, kwargs)
        except urllib.error.HTTPError as error:
            raise RpcError(f"HTTP {error.code}", error.reason) from None
        except odoorpc.error.RPCError as error:
            data = (error.info or {}).get("data", {})
            name = data.get("name", type(error).__name__)
            raise RpcError(name, data.get("message", str(error))) from None

    def json2_call(self, login, password, model, method, ids=(), **kwargs):
        """Call a method as a script does with JSON-2: by name, with an API key.

        :raises RpcError: the server raised
        """
        if login not in self._keys:
            self._keys[login] = self.make_api_key(login, password)
        body = {**kwargs, "ids": list(ids)} if ids else kwargs
        headers = {
            "Authorization": f"bearer {self._keys[login]}",
            "X-Odoo-Database": self.db,
        }
        url = f"{self.address}/json/2/{model}/{method}"
        try:
            return _post(urllib.request.build_opener(), url, body, headers)
        except urllib.error.HTTPError as error:
            try:
                answer = json.load(error)
            except ValueError:
                answer = {"name": f"HTTP {error.code}", "message": error.reason}
            raise RpcError(answer["name"], answer["message"]) from None

    def make_api_key(self, login: str, password: str) -> str:
        """Make an API key as a person does: preferences, password, new key."""
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        opener = urllib.request.build_opener(jar)

        def web(path, **params):
            answer = _post(opener, f"{self.address}{path}", {"params": params})
            if error := answer.get("error"):
                raise RpcError(error["data"]["name"], error["data"]["message"])
            return answer["result"]

        def call(model, method, *args, context=None):
            kwargs = {"context": context or {}}
            return web(
                "/web/dataset/call_kw",
                model=model,
                method=method,
                args=args,
                kwargs=kwargs,
            )

        web("/web/session/authenticate", db=self.db, login=login, password=password)
        description = {"name": "tests", "duration": "1"}
        ids = call("res.users.apikeys.description", "create", [description])
        check = call("res.users.apikeys.description", "make_key", ids)
        shown = call(
            check["res_model"],
            "run_check",
            [check["res_id"]],
            context={"password": password},
        )
        return shown["context"]["default_key"]


class RpcCase(unittest.TestCase):
    """Cases against the session's server, as ``login``, with named arguments.

    ``for call in (self.odoorpc_call, self.json2_call):`` runs a case over both.
    """

    login = "admin"
    password = "admin"
    server: Server

    @pytest.fixture(autouse=True)
    def _take_server(self, server):
        self.server = server

    def odoorpc_call(self, model, method, *args, **kwargs):
        return self.server.odoorpc_call(
            self.login, self.password, model, method, *args, **kwargs
        )

    def json2_call(self, model, method, **kwargs):
        return self.server.json2_call(
            self.login, self.password, model, method, **kwargs
        )


def _post(opener, url, body, headers=None):
    request = urllib.request.Request(
        url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **(headers or {})},
    )
    with opener.open(request, timeout=600) as response:
        return json.load(response)
