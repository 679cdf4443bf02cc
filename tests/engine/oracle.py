"""What the tests against power-grid-model share."""

from power_grid_model import initialize_array


def table(kind, rows):
    """One component table of power-grid-model from rows of attributes."""
    array = initialize_array("input", kind, len(rows))
    for k, row in enumerate(rows):
        for key, value in row.items():
            array[key][k] = value
    return array
