"""Contenders, one a module; functions are called in processes of their own.

``step`` trains on one batch that lies in memory, ``from_files`` a few epochs on files with
validation and the best epoch's weights kept, ``infer`` runs a network on 400x400 pixels.
"""
