"""Every section on whole sets, in the order in which a reader wants them."""

from antiphon.evaluation.report.report import Section
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.sections.conditions import dependence_section
from antiphon.evaluation.suite.sections.examiners import examiner_section
from antiphon.evaluation.suite.sections.likeness import likeness_sections
from antiphon.evaluation.suite.sections.originals import originality_section
from antiphon.evaluation.suite.sections.published import published_sections
from antiphon.evaluation.suite.sections.teaching import teaching_section
from antiphon.evaluation.suite.sections.variety import variety_section


def of_sets(sides: Sides) -> list[Section]:
    """The sections for which there is enough music; those without rows have remarks alone."""
    found = [
        variety_section(sides),
        teaching_section(sides),
        *likeness_sections(sides),
        examiner_section(sides),
        dependence_section(sides),
        originality_section(sides),
        *published_sections(sides),
    ]
    return [section for section in found if section is not None]
