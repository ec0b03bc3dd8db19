from gateway.portal.words import pretty


def test_json_is_laid_out_and_anything_else_stays():
    assert pretty('{"b":1}') == '{\n  "b": 1\n}'
    assert pretty("not JSON") == "not JSON"
    deep = "[" * 100_000
    assert pretty(deep) == deep
