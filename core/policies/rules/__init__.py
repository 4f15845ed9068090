"""What counts as success, by the user's own rules: JMESPath over a reply; pure."""
