"""What surrounds the package: the wheel, workflows, forms, containers."""
