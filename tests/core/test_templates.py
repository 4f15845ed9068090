"""From rows to requests: escaping, errors that help, what is made once."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from fetchdeck.core.errors import RowError, TemplateError
from fetchdeck.core.job import Templates
from fetchdeck.core.model import Request, Row, RowSpec
from fetchdeck.core.requests.templates import RequestBuilder
from fetchdeck.core.secrets.names import _PLAIN, mentions_column
from hypothesis import given
from hypothesis import strategies as st

ANY = st.text(st.characters(exclude_categories=[]), max_size=12)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ENV = {"KEY": "s3cret value", "EMPTY": "", "BREAK": "a\nb"}


def built(templates: Templates, columns: dict[str, Any], spec: RowSpec | None = None) -> Request:
    return RequestBuilder(templates, ENV).build(Row(0, 1, columns, spec))


def url(template: str, **columns: Any) -> str:
    return built(Templates(url=template), columns).url


@given(TEXT)
def test_every_value_in_a_url_is_one_percent_encoded_part(value: str) -> None:
    made = url("http://h/{{ a }}?q={{ row['a'] }}", a=value)
    path, _, query = made.removeprefix("http://h/").partition("?q=")
    assert path == query
    assert unquote(path) == value
    assert not set(path) & set("/?#&=+ ")


def test_what_is_not_text_stands_in_a_url_as_json_writes_it() -> None:
    made = url("http://h/{{ a }}/{{ b }}/{{ c }}/{{ d }}", a=True, b=None, c=1.5, d=[1])
    assert made == "http://h/true/null/1.5/%5B1%5D"


def test_safe_and_urlencode_are_not_encoded_again() -> None:
    assert (
        url("{{ u | safe }}&x={{ v | urlencode }}", u="http://h/%7E?q=", v="a b/")
        == "http://h/%7E?q=&x=a%20b/"
    )
    assert url("http://h/{{ v | tojson }}{{ v | e }}", v="<") == "http://h/%22%3C%22%26lt%3B"


def test_jinja_works_as_usual() -> None:
    loop = "{% for x in tags %}{{ x }}{{ ',' if not loop.last }}{% endfor %}"
    assert (
        url(f"http://h/{loop}{{% set y = name %}}/{{{{ y | lower }}}}", tags=["a", "b/"], name="N")
        == "http://h/a%2Cb%2F/n"
    )
    assert url("http://h/{{ missing | default('none') }}") == "http://h/none"


def test_names_that_mappings_have_are_columns_all_the_same() -> None:
    columns = {"items": "1", "my name": "2", "env": "3", "values": {"keys": "4"}}
    template = "http://h/{{ row.items }}{{ row['my name'] }}{{ row['env'] }}{{ row['values'].keys }}"
    assert url(template, **columns) == "http://h/1234"
    builder = RequestBuilder(Templates(url="http://h/{{ row.items() | length }}"), {})
    builder.check_columns(["a"])
    assert builder.build(Row(0, 1, {"a": 1})).url == "http://h/1"


@given(TEXT, st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_json_templates_take_text_inside_strings_and_other_values_bare(text: str, value: Any) -> None:
    template = '{"q": "{{ text }}", "v": {{ value }}, "all": {{ row | tojson }}, "s": {{ raw | safe }}}'
    columns = {"text": text, "value": value, "raw": "[1]"}
    request = built(Templates(url="http://h/", json=template), columns)
    assert json.loads(request.body or b"") == {"q": text, "v": value, "all": columns, "s": [1]}
    assert (request.method, request.headers) == ("POST", (("Content-Type", "application/json"),))


def test_text_cannot_leave_its_json_string() -> None:
    with pytest.raises(RowError, match="--json does not become JSON"):
        built(Templates(url="http://h/", json='{"n": {{ n }}}'), {"n": '1, "admin": true'})
    made = built(Templates(url="http://h/", json='{"n": "{{ n }}"}'), {"n": '", "admin": "'})
    assert json.loads(made.body or b"") == {"n": '", "admin": "'}


def test_headers_and_data_take_values_as_they_are() -> None:
    templates = Templates(url="http://h/", headers=(("X-A", "{{ a }}"),), data="q={{ a }}\n")
    request = built(templates, {"a": "ü &"})
    assert request.body == "q=ü &\n".encode()
    assert request.headers == (("X-A", "ü &"), ("Content-Type", "application/x-www-form-urlencoded"))


def test_a_template_header_replaces_the_row_s_own_whatever_its_case() -> None:
    templates = Templates(url="http://h/", headers=(("accept", "a"), ("X-B", "1"), ("X-B", "2")), json="{}")
    spec = RowSpec(headers=(("Accept", "x"), ("content-type", "text/x"), ("X-C", "3")))
    assert built(templates, {}, spec).headers == (
        ("content-type", "text/x"), ("X-C", "3"), ("accept", "a"), ("X-B", "1"), ("X-B", "2"),
    )  # fmt: skip


def test_a_row_s_own_request() -> None:
    spec = RowSpec("http://h/%7e/../x?#f", "purge", (("A", "b"),), b"\xff", False)
    assert built(Templates(), {"url": "http://other/"}, spec) == Request(
        "purge", "http://h/%7e/../x?", (("A", "b"),), b"\xff"
    )
    assert built(Templates(url="http://t/"), {}, spec).url == "http://t/"
    assert built(
        Templates(method="put", data="d"), {"url": "http://h/"}, RowSpec(body=b"{}", json_body=True)
    ) == Request("PUT", "http://h/", (("Content-Type", "application/json"),), b"{}")
    assert built(Templates(method="put"), {"url": "http://h/"}, RowSpec(method="get")).method == "GET"


@pytest.mark.parametrize(
    ("templates", "said"),
    [
        (Templates(url="http://h/{{ a"), r"--url is not a valid template.*\{\{ a"),
        (Templates(data="a\n{% if %}"), r"--data is not a valid template, line 2"),
        (Templates(json="{{ a | nope }}"), r"--json .*No filter named 'nope'"),
        (Templates(headers=(("X-A", "{% endif %}"),)), r"--header 'X-A' is not a valid template"),
        (Templates(url="http://h/{{ env.NOPE }}"), r"--url uses env\.NOPE.*Export NOPE before you start, or"),
        (Templates(headers=(("A", "{{ env['NOPE'] }}"),)), r"--header 'A' uses env\.NOPE"),
        (Templates(url="http://h/{{ env }}"), r"--url uses env in a way"),
        (Templates(url="http://h/{{ env[a] }}"), r"--url uses env in a way"),
        (Templates(url="http://h/{% for k in env %}{{ k }}{% endfor %}"), r"--url uses env in a way"),
        (Templates(data="a", json="{}"), r"--data and --json"),
        (Templates(method="GE T"), r"--method cannot be used"),
        (Templates(headers=(("A b", "x"),)), r"--header cannot be used: the header name 'A b'"),
        (
            Templates(headers=(("A", "{{ env.BREAK }}"),)),
            r"--header cannot be used: the value of the header A",
        ),
        (Templates(json="{"), r"--json cannot be used: --json does not become JSON"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_at_once(templates: Templates, said: str) -> None:
    with pytest.raises(TemplateError, match=f"(?s){said}") as caught:
        RequestBuilder(templates, ENV)
    assert ENV["KEY"] not in str(caught.value)


@pytest.mark.parametrize(
    ("templates", "said"),
    [
        (Templates(url="http://h/{{ nam }}"), "--url uses the column 'nam'.*Did you mean 'name'.*It has: id, name"),
        (Templates(url="http://h/{{ row['nam'] }}"), "--url uses the column 'nam'"),
        (Templates(url="http://h/{{ row.nam }}"), "--url uses the column 'nam'"),
        (Templates(url="http://h/", headers=(("A", "{{ zzz }}"),)), "--header 'A' .* 'zzz'.* have. It has"),
        (Templates(), "no column 'url'.*--url 'https://example.com/{{ id }}'"),
    ],
)  # fmt: skip
def test_an_unknown_column_is_named_before_anything_is_sent(templates: Templates, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        RequestBuilder(templates, ENV).check_columns(("id", "name"))


def test_known_columns_and_jinjas_own_names_are_no_errors() -> None:
    template = "{% for i in range(2) %}{{ name }}{{ row['id'] }}{{ loop.index }}{{ env.KEY }}{% endfor %}"
    RequestBuilder(Templates(url=template), ENV).check_columns(("id", "name"))
    RequestBuilder(Templates(), ENV).check_columns(("url",))


def test_row_errors_say_what_is_wrong_with_the_row() -> None:
    for template, columns, said in [
        (None, {}, "it has no URL"),
        (None, {"url": 5}, "it has no URL"),
        ("http://h/{{ gone }}", {}, "--url: 'gone' is undefined"),
        ("http://h/{{ row['gone'] }}", {}, "--url: 'dict object' has no attribute 'gone'"),
        ("http://h/{{ a // b }}", {"a": 1, "b": 0}, "--url cannot be rendered: ZeroDivisionError"),
        ("http://h/{{ a }}", {"a": "\ud800"}, "--url cannot be rendered: UnicodeEncodeError"),
        ("{{ url }}", {"url": "http://h/"}, r"\{\{ url \| safe \}\}"),
    ]:
        with pytest.raises(RowError, match=said):
            built(Templates(url=template), columns)
    for value in ("a\nb", "a\rb", "a\0b", "\ud800"):
        with pytest.raises(RowError, match="header X"):
            built(Templates(url="http://h/", headers=(("X", "{{ v }}"),)), {"v": value})
        with pytest.raises(RowError, match="header X"):
            built(Templates(url="http://h/"), {}, RowSpec(headers=(("X", value),)))
    with pytest.raises(RowError, match="header name"):
        built(Templates(url="http://h/"), {}, RowSpec(headers=(("X:", "a"),)))
    with pytest.raises(RowError, match="lone surrogate"):
        built(Templates(url="http://h/", data="{{ v }}"), {"v": "\ud800"})
    with pytest.raises(RowError, match="method"):
        built(Templates(url="http://h/"), {}, RowSpec(method="GET /"))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY, lambda v: st.lists(v, max_size=2)
)
ROWS = st.dictionaries(
    st.sampled_from(["url", "a", "b", "row", "env"]) | ANY, VALUES | ANY.map("http://".__add__), max_size=4
)
SPECS = st.none() | st.builds(
    RowSpec,
    st.none() | ANY,
    st.none() | ANY,
    st.none() | st.lists(st.tuples(ANY, ANY)).map(tuple),
    st.none() | st.binary(),
)


@given(ROWS, SPECS)
def test_build_raises_row_errors_alone(columns: dict[str, Any], spec: RowSpec | None) -> None:
    for builder in BUILDERS:
        try:
            request = builder.build(Row(0, 1, columns, spec))
        except RowError:
            continue
        request.url.encode("ascii")
        request.method.encode("ascii")
        assert not set(request.url) & {" ", "\n", "\r", "\0", "#"}
        for name, value in request.headers:
            assert not set(name + value) & {"\r", "\n", "\0"}
            value.encode()


BUILDERS = [
    RequestBuilder(Templates(), ENV),
    RequestBuilder(Templates(url="http://h/{{ a }}?{{ row.b }}", headers=(("X", "{{ a }}"),)), ENV),
    RequestBuilder(Templates(url="{{ a | safe }}", json='{"a": "{{ a }}", "b": {{ b }}}'), ENV),
    RequestBuilder(Templates(url="http://{{ a | safe }}/", data="{{ a }}"), ENV),
]


def test_secrets_are_the_environment_variables_in_use() -> None:
    builder = RequestBuilder(Templates(url="http://h/?k={{ env.KEY }}"), ENV)
    assert (builder.secrets, builder.uses_env_in_url) == ({"s3cret value"}, True)
    assert builder.build(Row(0, 1, {})).url == "http://h/?k=s3cret%20value"
    builder = RequestBuilder(Templates(url="http://h/", headers=(("A", "{{ env['KEY'] }}"),)), ENV)
    assert (builder.secrets, builder.uses_env_in_url) == ({"s3cret value"}, False)


def test_renewed_fields_are_sent_as_they_are_until_a_variable_is_renewed() -> None:
    templates = Templates(url="http://h/", headers=(("A", "{{ env.KEY }}"), ("B", "{{ b }}"), ("C", "c")))
    builder = RequestBuilder(templates, ENV)
    row = Row(0, 1, {"b": "2"})
    builder.renew((("a", "{{ x }}{% endraw %}{# y"),), {})
    assert builder.build(row).headers == (("B", "2"), ("C", "c"), ("a", "{{ x }}{% endraw %}{# y"))
    assert not builder.secrets
    builder.renew((("b", "{%"), ("D", "d")), {})
    assert builder.build(row).headers == (
        ("C", "c"),
        ("a", "{{ x }}{% endraw %}{# y"),
        ("b", "{%"),
        ("D", "d"),
    )
    with pytest.raises(TemplateError, match="the value of the header E"):
        builder.renew((("E", "a\nb"),), {"KEY": "never"})
    builder.renew((("C", "{{"),), {"KEY": "new"})
    assert builder.build(row).headers == (("A", "new"), ("B", "2"), ("C", "{{"))
    assert builder.secrets == {"new"}


@pytest.mark.parametrize(
    ("option", "wrong"),
    [
        ("url", "http://h/?token=s3cret{WRONG}"),
        ("url", "http://h/{{ api_key }}{WRONG}"),
        ("url", "http://h/{{ ſecret }}{WRONG}"),
        ("data", "Authorization: Bearer s3cret{WRONG}"),
        ("X-Auth-Key", "s3cret{WRONG}"),
    ],
)
def test_a_template_that_may_hold_a_secret_is_not_shown(option: str, wrong: str) -> None:
    def given(template: str) -> Templates:
        if option == "X-Auth-Key":
            return Templates(headers=((option, template),))
        return Templates(url=template) if option == "url" else Templates(data=template)

    with pytest.raises(TemplateError, match="holds a secret and is not shown") as refused:
        RequestBuilder(given(wrong.replace("{WRONG}", "{{ 's3cret'")), ENV)
    assert "s3cret" not in str(refused.value)
    builder = RequestBuilder(given(wrong.replace("{WRONG}", "{{ a.index('s3cret') }}")), ENV)
    columns = {"url": "http://h/", "a": [], "api_key": "", "ſecret": ""}
    with pytest.raises(RowError, match=r"cannot be rendered: ValueError$"):
        builder.build(Row(0, 1, columns))


def test_an_error_of_a_template_without_secrets_is_told() -> None:
    with pytest.raises(RowError, match=r"--url cannot be rendered: ValueError: 'x' is not in list"):
        built(Templates(url="http://h/{{ a.index('x') }}"), {"a": []})
    with pytest.raises(RowError, match="--url cannot be rendered: UnicodeEncodeError: 'utf-8' codec"):
        built(Templates(url="http://h/{{ a }}"), {"a": "\ud800"})


def test_a_template_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(TemplateError, match="nested too deeply"):
        RequestBuilder(Templates(url="{{ " + "(" * 5000 + "a" + ")" * 5000 + " }}"), ENV)


@pytest.mark.parametrize("name", _PLAIN)
def test_each_name_of_a_secret_is_noticed_in_a_template(name: str) -> None:
    for written in (
        name,
        name.upper(),
        name.replace("_", ""),
        name.replace("_", "-"),
        name.replace("s", "ſ"),
    ):
        assert mentions_column(f"{{{{ row['{written}'] }}}}")
    assert not mentions_column("{{ place }}{{ name }}")


@pytest.mark.parametrize(
    ("templates", "varies"),
    [
        (Templates(url="http://h/{{ a }}"), False),
        (
            Templates(url="http://h/{{ a }}", method="PATCH", headers=(("A", "{{ env.KEY }}"),), data="x"),
            False,
        ),
        (Templates(url="http://h/{{ a }}", json='{"n": {{ 1 + 1 }}}'), False),
        (Templates(url="http://h/{{ a }}", headers=(("A", "{{ a }}"),)), True),
        (Templates(url="http://h/{{ a }}", data="{{ row | tojson }}"), True),
        (Templates(url="http://h/{{ a }}", json="{% set x = a %}{{ x }}"), True),
    ],
)
def test_the_shortcut_makes_what_build_made_or_nothing(templates: Templates, varies: bool) -> None:
    builder = RequestBuilder(templates, ENV)
    assert builder.only_url_varies is not varies
    request = builder.build(Row(0, 1, {"a": 1}))
    assert builder.shortcut(request.method, request.url) == (None if varies else request)
