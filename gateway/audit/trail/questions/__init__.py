"""What an officer must be able to answer: pure functions of a trail, by group; nothing here asks who asks."""

from gateway.audit.trail.questions.answer import Answer, DatedRow, Row
from gateway.audit.trail.questions.registry import NOTHING, QUESTIONS, Asked, Memory, Question, ask, question_named

__all__ = ["NOTHING", "QUESTIONS", "Answer", "Asked", "DatedRow", "Memory", "Question", "Row", "ask", "question_named"]
