"""What a connector author needs: roles, operations, the three errors, HTTP, authorisation and cursors."""
