"""Requests that a user edits and sends again: their masks resolved, their new secrets kept off the disk."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import EditError, RowError
from ..job import Templates
from ..journal.edits import Edit, Origins, Stored
from ..model import EditedRequest, Headers, Request, Row, RowSpec
from ..requests.masked import shown_request
from ..requests.templates import RequestBuilder
from ..secrets import masks
from ..secrets.redact import Redactor
from ..secrets.values import MASK, covered, spans_of
from ..urls import host_of

Values = Mapping[str, tuple[str, ...]]
"""What the masks of each text of a request hide."""
_AS_IT_IS = Templates(url=None, method=None, headers=(), data=None, json=None)
_STAND_IN = "fetchdeck{}mask"


class Editing:
    """Makes what is stored, and what is sent, of edited requests; secrets that users wrote stay in memory here."""

    def __init__(self, templates: Templates, redactor: Redactor) -> None:
        """`templates` are the masked ones."""
        self._templates = templates
        self._redactor = redactor
        self._plain = RequestBuilder(_AS_IT_IS, {})
        self._written: dict[int, dict[str, tuple[str | None, ...]]] = {}

    def check(self, edited: EditedRequest) -> EditedRequest:
        """The edited request as it goes to the wire; raises EditError where it is none."""
        stand_in = _STAND_IN.format("")
        count = 0
        while stand_in in edited.url:
            stand_in = _STAND_IN.format(count := count + 1)
        url = edited.url.strip().replace(MASK, stand_in)
        try:
            sent = self._plain.build(Row(0, 0, {}, _spec(edited, url)))
        except RowError as error:
            reason = str(error).replace(stand_in, MASK)
            raise EditError(f"The edited request cannot be sent: {reason}.") from error
        return EditedRequest(sent.method, sent.url.replace(stand_in, MASK), sent.headers, sent.body)

    def shown(self, one: Stored) -> tuple[masks.Fields, Origins]:
        """The texts that were shown to whoever edits a request, and what their masks stand for."""
        if one.edit is not None:
            return masks.fields(one.url, one.edit.headers, one.edit.body), one.edit.origins
        texts = self._first_texts(one, one.url)
        return texts, {
            key: tuple((key, n) for n in range(masks.masks_in(text))) for key, text in texts.items()
        }

    def edit(
        self, one: Stored, edited: EditedRequest, original: Request | None
    ) -> tuple[Edit, EditedRequest, dict[str, tuple[str | None, ...]]]:
        """What is stored of an edited request, masked anew, and the secrets in it that a user wrote.

        `original` is the request that its row makes; None where no mask needs it. Raises EditError for a mask that
        stands for nothing that is known.
        """
        shown, known = self.shown(one)
        texts = masks.fields(edited.url, edited.headers, edited.body)
        places = masks.origins(shown, texts)
        found = {key: tuple(known[of][n] for of, n in places[key]) for key in places}
        hidden = self._hidden(one, original)
        typed = self._written.get(one.id, {})
        values: dict[str, list[str]] = {}
        for key, of in places.items():
            values[key] = []
            for (text, n), origin in zip(of, found[key], strict=True):
                values[key].append(_value(key, origin, hidden, typed.get(text, ()), n))
        whole = self._built(edited, values, original)
        masked, origins, written = self._masked(shown, texts, found, values, whole)
        first_url = one.edit.first_url if one.edit is not None else one.url
        headers = tuple(
            (name, masked[key])
            for (name, _), key in zip(edited.headers, _header_keys(edited.headers), strict=True)
        )
        body = masked[masks.BODY].encode(errors="surrogateescape") if masks.BODY in masked else None
        stored = EditedRequest(edited.method, masked[masks.URL], headers, body)
        return Edit(headers, body, origins, first_url), stored, written

    def host(self, url: str) -> str:
        """The host of a masked URL as the journal keeps it."""
        return self._redactor.url(host_of(url))

    def hold(self, request: int, written: dict[str, tuple[str | None, ...]]) -> None:
        """Keep in memory what a user wrote into a request and must not be stored."""
        self._written.pop(request, None)
        if any(value is not None for values in written.values() for value in values):
            self._written[request] = written

    def held(self, request: int) -> dict[str, tuple[str | None, ...]]:
        """What a user wrote into a request, by text and mask."""
        return self._written.get(request, {})

    def request(self, one: Stored, original: Request | None) -> Request:
        """The request to send for a stored edit, secrets included; raises EditError where one is not known any more."""
        edit = one.edit
        if edit is None:
            raise EditError("how it was edited is lost with the damaged journal; edit it again")
        hidden = self._hidden(one, original)
        typed = self._written.get(one.id, {})
        values = {
            key: [_value(key, origin, hidden, typed.get(key, ()), n) for n, origin in enumerate(of)]
            for key, of in edit.origins.items()
        }
        return self._built(EditedRequest(one.method, one.url, edit.headers, edit.body), values, original)

    def _first_texts(self, one: Stored, url: str) -> masks.Fields:
        headers, body = shown_request(self._templates, one.id, one.line, one.row, one.spec)
        return masks.fields(url, headers, body)

    def _hidden(self, one: Stored, original: Request | None) -> Values:
        """What the masks of the request that its row makes stand for."""
        if original is None:
            return {}
        shown = self._first_texts(one, one.edit.first_url if one.edit is not None else one.url)
        real = masks.fields(original.url, original.headers, original.body)
        found: dict[str, tuple[str, ...]] = {}
        for key, text in shown.items():
            if MASK in text and key in real:
                try:
                    found[key] = masks.surely_hidden_by(text, real[key])
                except ValueError:
                    continue  # who needs it is told that it is not known
        return found

    def _built(
        self, edited: EditedRequest, values: Mapping[str, list[str]], original: Request | None
    ) -> Request:
        """The request with its secrets in place; raises EditError where they make no request of it."""
        texts = masks.fields(edited.url, edited.headers, edited.body)
        whole = {
            key: masks.filled(text, values[key]) if key in values else text for key, text in texts.items()
        }
        body = whole[masks.BODY].encode(errors="surrogateescape") if masks.BODY in whole else None
        headers = tuple(
            (name, whole[key])
            for (name, _), key in zip(edited.headers, _header_keys(edited.headers), strict=True)
        )
        try:
            sent = self._plain.build(Row(0, 0, {}, RowSpec(whole[masks.URL], edited.method, headers, body)))
        except RowError as error:
            raise EditError(f"The edited request cannot be sent: {error}.") from error
        own = sent.secrets or frozenset[str]()
        known = (original.secrets or frozenset[str]()) if original is not None else frozenset[str]()
        return Request(sent.method, sent.url, sent.headers, sent.body, own | known)

    def _masked(
        self,
        shown: masks.Fields,
        texts: masks.Fields,
        found: Mapping[str, tuple[tuple[str, int] | None, ...]],
        values: Mapping[str, list[str]],
        whole: Request,
    ) -> tuple[dict[str, str], Origins, dict[str, tuple[str | None, ...]]]:
        """The texts fit to be stored; what their masks stand for; and what these hide that must not be stored."""
        masked: dict[str, str] = {}
        origins: Origins = {}
        written: dict[str, tuple[str | None, ...]] = {}
        for key, text in texts.items():
            masked[key] = text if text == shown.get(key) else self._without_secrets(key, text, whole)
            if MASK not in masked[key]:
                continue
            at = 0
            of: list[tuple[str, int] | None] = []
            own: list[str | None] = []
            for piece in _pieces(key, masked[key], text):
                count = masks.masks_in(piece)
                origin = found[key][at] if piece == MASK else None
                of.append(origin)
                own.append(None if origin else masks.filled(piece, values.get(key, [])[at : at + count]))
                at += count
            origins[key], written[key] = tuple(of), tuple(own)
        return masked, origins, written

    def _without_secrets(self, key: str, text: str, whole: Request) -> str:
        secrets = self._redactor.secrets_of(whole)
        if key == masks.URL:
            return self._redactor.url(text, whole)
        if key == masks.BODY:
            text = self._redactor.text(text, whole)
        else:
            name = key.split(" ")[1]
            ((_, text),) = self._redactor.headers(((name, text),))
        return covered(text, spans_of(text, secrets))


def needs_row(origins: Origins) -> bool:
    """Whether a mask stands for something that only the row, or the environment, has."""
    return any(origin is not None for of in origins.values() for origin in of)


def _pieces(key: str, masked: str, text: str) -> tuple[str, ...]:
    try:
        return masks.hidden_by(masked, text)
    except ValueError as error:
        raise EditError(
            f"A * stands right before a secret in {masks.said(key)}, so that its mask cannot be told from it. "
            "Write the * as %2A, or leave it out."
        ) from error


def _value(
    key: str, origin: tuple[str, int] | None, hidden: Values, typed: tuple[str | None, ...], number: int
) -> str:
    if origin is not None:
        text, n = origin
        if n < len(hidden.get(text, ())):
            return hidden[text][n]
        raise EditError(
            f"What the *** in {masks.said(key)} stands for cannot be told for sure. Write the value itself."
        )
    value = typed[number] if number < len(typed) else None
    if value is None:
        raise EditError(
            f"A secret that was written into {masks.said(key)} by hand is not stored, and this session does not know "
            "it. Edit the request again and write it anew."
        )
    return value


def _spec(edited: EditedRequest, url: str) -> RowSpec:
    return RowSpec(url, edited.method.strip(), edited.headers, edited.body)


def _header_keys(headers: Headers) -> list[str]:
    """The names that `masks.fields` gives to header fields, in their order."""
    return [key for key in masks.fields("", headers, None) if key != masks.URL]
