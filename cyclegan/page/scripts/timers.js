// Both timers of a tab, on or off.
() => [0, 0].map(() => ({__type__: 'update', active: IS_ON}))
