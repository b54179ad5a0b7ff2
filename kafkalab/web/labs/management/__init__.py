"""Django finds the commands of this app below this package."""
