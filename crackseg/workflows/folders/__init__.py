"""What all work on folders of photographs shares: plan, record of what is done, overlap."""
