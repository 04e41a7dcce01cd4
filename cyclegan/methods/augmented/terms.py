"""What a training of Augmented CycleGAN logs beside what CycleGAN does."""

from ...core.figures import Term


def opinions_of_z(D: str, drawn: str, found: str) -> tuple[Term, ...]:
    """What tells of a judge of latents. drawn: the latent's symbol; found: the encoder's."""
    return (
        Term(D, f"loss of {D}", reads=f"What {D} minimises; ¼ where it cannot tell at all."),
        Term(
            f"{D}_real",
            f"{D} on drawn latents",
            reads=f"How far {D} is from calling what was drawn from N(0, 1) drawn.",
            formula=f"E[({D}({drawn}) − 1)²]",
            is_told=True,
        ),
        Term(
            f"{D}_generated",
            f"{D} on found latents",
            reads=f"How far {D} is from calling what the encoder found found.",
            formula=f"E[{D}({found})²]",
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
