"""What keeps Tieline from being turned against its firm: checked addresses of what it calls on a person's word."""
