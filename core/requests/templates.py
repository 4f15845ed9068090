"""From a row to its request: templates rendered, escaped and checked, constant parts made once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import msgspec

from ..errors import RowError, TemplateError
from ..job import Templates
from ..model import Headers, Request, Row, RowSpec
from ..printable import printable
from ..secrets.named import body_secrets, header_secrets, url_secrets
from ..secrets.names import column_secrets, mentions_column, names_secrets
from ..urls import wire_url
from .escapes import Escape, json_value, plain_value, url_value
from .rendering import Rendering

T = TypeVar("T")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_ESCAPED_URL = re.compile(r"https?%3A%2F%2F", re.IGNORECASE)
_NO_SPEC = RowSpec()


class RequestBuilder:
    """Builds requests by one set of templates.

    The URL template and header templates override what a JSONL row says; its own method and body come before
    `--method`, `--data` and `--json`.
    """

    def __init__(self, templates: Templates, environ: Mapping[str, str], fields: Headers = ()) -> None:
        """`fields` are sent as they are, in the place of header templates of the same names.

        Raises TemplateError for a template or a field that cannot be used, and for an unset `env.NAME`.
        """
        if templates.data is not None and templates.json is not None:
            raise TemplateError("--data and --json both give a body. Leave one of them out.")
        self._given = templates, environ, fields
        method = templates.method
        self._method = _once("--method", lambda: _method(method)) if method else None
        self._url: Rendering | None = None
        self._headers: list[tuple[str, Rendering]] = []
        self._body: Rendering | None = None
        self._content_type: str | None = None
        self._compile(templates, fields)
        self._renderings = [
            one for one in (self._url, *(value for _, value in self._headers), self._body) if one is not None
        ]
        for rendering in self._renderings:
            rendering.bind(environ)
        env = {name for rendering in self._renderings for name in rendering.references.env}
        self.secrets = frozenset(environ[name] for name in env)
        """The values of the environment variables that the templates use."""
        self.uses_env_in_url = self._url is not None and bool(self._url.references.env)
        """Whether a secret may stand in the URLs."""
        self._overridden = frozenset(name.lower() for name, _ in self._headers)
        self._constant_body = self._once_body()
        self.constant_headers = self._once_headers()
        """The headers of every request whose row gives none of its own; None where they vary by row."""
        self._constant_secrets = header_secrets(self.constant_headers or ()) | body_secrets(
            self._constant_body
        )
        self._secrets_in_columns = any(
            one.references.whole_row or mentions_column(one.source) for one in self._renderings
        )
        self._secrets_in_body = self._body is not None and names_secrets(self._body.source)
        body_varies = self._body is not None and self._constant_body is None
        self.only_url_varies = self.constant_headers is not None and not body_varies
        """Whether a request without a spec of its own is given by its method and URL alone."""

    def _compile(self, templates: Templates, fields: Headers) -> None:
        if templates.url is not None:
            self._url = Rendering("--url", templates.url, url_value)
        for name, value in _without(templates.headers, fields):
            self._add_header(name, value, plain_value)
        for name, value in fields:
            _once("--header", lambda name=name, value=value: _check_value(name, value))
            self._add_header(name, value, None)
        if templates.json is not None:
            self._body, self._content_type = Rendering("--json", templates.json, json_value), _JSON
        elif templates.data is not None:
            self._body, self._content_type = Rendering("--data", templates.data, plain_value), _FORM

    def _add_header(self, name: str, value: str, escape: Escape | None) -> None:
        _once("--header", lambda: _check_name(name))
        self._headers.append((name, Rendering(f"--header {name!r}", value, escape)))

    def renew(self, headers: Headers, environ: Mapping[str, str]) -> None:
        """Send these header fields, as they are, in place of those of the same names, and these values of `env.`.

        A value of `env.` ends what earlier header fields were in the place of. Raises TemplateError, and then changes
        nothing.
        """
        templates, known, fields = self._given
        kept = () if environ else _without(fields, headers)
        renewed = RequestBuilder(templates, {**known, **environ}, (*kept, *headers))
        self.__dict__.update(renewed.__dict__)

    def check_columns(self, columns: Collection[str]) -> None:
        """Raises TemplateError for a column that a template names and the input does not have."""
        for rendering in self._renderings:
            for name in sorted(rendering.references.columns - set(columns)):
                close = difflib.get_close_matches(name, list(columns), 1, cutoff=0.5)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise TemplateError(
                    f"{rendering.option} uses the column {name!r}, which the input does not have.{hint} "
                    f"It has: {_known(columns)}."
                )
        if self._url is None and "url" not in columns:
            raise TemplateError(
                "The input has no column 'url', and there is no --url template. Give one, such as "
                f"--url 'https://example.com/{{{{ {next(iter(columns), 'id')} }}}}'. It has: {_known(columns)}."
            )

    def build(self, row: Row) -> Request:
        """The request of one row; raises RowError with the reason where it cannot become one."""
        columns, spec = row.columns, row.spec or _NO_SPEC
        url = self._wire_url(columns, spec)
        body = spec.body if spec.body is not None else self._constant_body
        if body is None and self._body is not None:
            body = self._rendered_body(self._body, columns)
        if self.constant_headers is not None and spec.headers is None and spec.body is None:
            headers = self.constant_headers
        else:
            headers = self._merged_headers(columns, spec)
        method = _method(spec.method) if spec.method is not None else self._method
        return Request(
            method or ("GET" if body is None else "POST"),
            url,
            headers,
            body,
            self._secrets(row, url, headers, body),
        )

    def _secrets(self, row: Row, url: str, headers: Headers, body: bytes | None) -> frozenset[str]:
        """What is a secret by its name, in the row or in what was made of it; `self.secrets` are known besides."""
        found = url_secrets(url) | self._constant_secrets
        if headers is not self.constant_headers:
            found |= header_secrets(headers)
        if body is not None and body is not self._constant_body:
            own = row.spec is not None and row.spec.body is not None
            if own or self._secrets_in_body:
                found |= body_secrets(body)
        if self._secrets_in_columns:
            found |= frozenset(column_secrets(row.columns))
        return found - self.secrets if found else found

    def shortcut(self, method: str, url: str) -> Request | None:
        """The request of a row without a spec of its own, from what was built before; None where it may vary.

        `url` is one that `build` has made, whole: not one whose secrets were masked.
        """
        if not self.only_url_varies or self.constant_headers is None:
            return None
        return Request(method, url, self.constant_headers, self._constant_body, self._constant_secrets)

    def _wire_url(self, columns: Mapping[str, object], spec: RowSpec) -> str:
        if self._url is None:
            url = spec.url if spec.url is not None else columns.get("url")
            if not isinstance(url, str):
                raise RowError("it has no URL")
            return wire_url(url)
        url = self._url.text(columns)
        try:
            return wire_url(url)
        except RowError as error:
            if _ESCAPED_URL.match(url):
                raise RowError(
                    f"{error}; to use a value as it is, write {{{{ url | safe }}}} in --url"
                ) from error
            raise

    def _rendered_body(self, body: Rendering, columns: Mapping[str, object]) -> bytes:
        text = body.text(columns)
        try:
            encoded = text.encode()
            if self._content_type == _JSON:
                msgspec.json.decode(encoded)
        except UnicodeEncodeError as error:
            raise RowError(f"{body.option} holds a lone surrogate") from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise RowError(
                f"{body.option} does not become JSON ({error}); put quotes around text, and none around numbers"
            ) from error
        return encoded

    def _merged_headers(self, columns: Mapping[str, object], spec: RowSpec) -> Headers:
        headers = [
            (name, value) for name, value in spec.headers or () if name.lower() not in self._overridden
        ]
        for name, value in headers:
            _check_name(name)
            _check_value(name, value)
        for name, rendering in self._headers:
            value = rendering.text(columns)
            _check_value(name, value)
            headers.append((name, value))
        kind = self._content_type if spec.body is None else _JSON if spec.json_body else None
        if kind is not None and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", kind))
        return tuple(headers)

    def _once_headers(self) -> Headers | None:
        if any(rendering.references.varies for _, rendering in self._headers):
            return None
        return _once("--header", lambda: self._merged_headers({}, _NO_SPEC))

    def _once_body(self) -> bytes | None:
        body = self._body
        if body is None or body.references.varies:
            return None
        return _once(body.option, lambda: self._rendered_body(body, {}))


def _once(option: str, make: Callable[[], T]) -> T:
    """What no row can change is wrong once and for all."""
    try:
        return make()
    except RowError as error:
        raise TemplateError(f"{option} cannot be used: {error}.") from error


def _without(fields: Headers, others: Headers) -> Headers:
    """The fields whose names the others do not have."""
    names = {name.lower() for name, _ in others}
    return tuple(field for field in fields if field[0].lower() not in names)


def _known(columns: Collection[str]) -> str:
    """The columns for a message, not too many."""
    shown = ", ".join(list(columns)[:20])
    return f"{shown} and {len(columns) - 20} more" if len(columns) > 20 else shown or "none"


def _method(method: str) -> str:
    if not _TOKEN.fullmatch(method):
        raise RowError("the method is not a token (RFC 9110, section 9.1)")
    upper = method.upper()
    return upper if upper in _METHODS else method


def _check_name(name: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise RowError(f"the header name {printable(name[:80])!r} is not a token (RFC 9110, section 5.1)")


def _check_value(name: str, value: str) -> None:
    if _BAD_VALUE.search(value):
        raise RowError(f"the value of the header {name} holds a line break or another control character")
