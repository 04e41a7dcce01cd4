// Out of sight, without asking the page's host.
() => ({__type__: 'update', visible: false})
