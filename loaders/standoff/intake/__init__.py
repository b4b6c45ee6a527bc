"""How a corpus begins and grows: an empty one to edit; documents from files, looked at before they are added."""

from standoff.intake.add import add, describe
from standoff.intake.drops import Drop, parse_drop
from standoff.intake.plan import Answers, Plan, Question, plan
from standoff.intake.segment import segment
from standoff.intake.start import init

__all__ = ["Answers", "Drop", "Plan", "Question", "add", "describe", "init", "parse_drop", "plan", "segment"]
