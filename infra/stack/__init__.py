"""The local stack: every service of the platform as a supervised process on one machine."""
