"""What a training of CycleGAN logs, each with its label and its sentence."""

from ...core.figures import Term


def opinions(D: str, other: str) -> tuple[Term, ...]:
    """The terms that tell of a discriminator: D_Y judges what G makes, D_X what F makes."""
    return (
        Term(D, f"loss of {D}", reads=f"What {D} minimises; ¼ where it cannot tell at all."),
        Term(
            f"{D}_real",
            f"{D} on real pictures",
            reads=f"How far {D} is from calling real pictures real.",
            formula=f"E[({D}({D[-1].lower()}) − 1)²]",
            is_told=True,
        ),
        Term(
            f"{D}_generated",
            f"{D} on generated pictures",
            reads=f"How far {D} is from calling generated pictures generated.",
            formula=f"E[{D}({other})²]",
            is_told=True,
        ),
        Term(
            f"{D}_accuracy",
            f"accuracy of {D}",
            better="high",
            is_told=True,
            reads=f"Share of {D}'s scores on the right side of ½; ½ where it cannot tell at all.",
        ),
    )


def weighed(name: str, key: str, label: str, reads: str, formula: str) -> Term:
    """A term of the objective, as it is logged."""
    return Term(key, label, weight=name, reads=reads, formula=formula)
