from scripts.docs_cli import PAGE, page


def test_the_page_says_what_the_commands_say_now():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
