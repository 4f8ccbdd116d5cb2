"""The app: photographs dropped into a page of this machine, cracks found and measured."""
