"""The unit tests of the models, beside their SQL; the city's own builds leave them out."""

from tests import marts


def test_the_models_pass_their_unit_tests(town):
    marts.build()  # dbt asks the warehouse for the columns of what a model reads
    marts.build(verb="test", only="test_type:unit")
