"""What tasks and flows need of Prefect. Only this part of the runtime imports it."""
