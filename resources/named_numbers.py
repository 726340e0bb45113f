"""Numbers by name as variables of the environment hold them: `name=number, name=number`."""


class BadItem(ValueError):
    """An item has another form; the message is the item."""


def read_named_numbers(text: str) -> dict[str, float]:
    """Return the numbers by name; of a name that occurs twice the last.

    Raises:
        BadItem: an item is no name and number.
    """
    given: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = (part.strip() for part in item.partition("="))
        try:
            given[name] = float(number)
        except ValueError:
            raise BadItem(item) from None
    return given
